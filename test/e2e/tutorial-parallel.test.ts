// The tutorial's chapter 2, typed into a terminal as printed: three sessions share a VM, and are watched to their ends.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ID, idsIn, normalise, VM } from './normalise.ts';
import { openUserWorld } from './world.ts';

const start = `amplihack remote start \\
  "implement user authentication" \\
  "add pagination to API" \\
  "write unit tests for database layer"`;
const started = `Starting 3 session(s)...

Provisioning new VM...

[1/3] ${ID}
  VM: ${VM} (provisioning new VM)
  Prompt: implement user authentication
  Status: pending

[2/3] ${ID}
  VM: ${VM} (reused)
  Prompt: add pagination to API
  Status: pending

[3/3] ${ID}
  VM: ${VM} (reused)
  Prompt: write unit tests for database layer
  Status: pending

VM ready: ${VM}
All 3 sessions started on VM: ${VM}

Sessions started. Use 'amplihack remote list' to monitor.`;
const running = `\
SESSION                    VM                              STATUS    AGE     PROMPT
${ID}   amplihack-azureuser-20251202... running   2m      implement user authen...
${ID}   amplihack-azureuser-20251202... running   2m      add pagination to API
${ID}   amplihack-azureuser-20251202... running   2m      write unit tests for...`;
const picture = `=== Remote Session Pool Status ===

VMs: 1 total
  ${VM} (l, local)
    Sessions: 3/4 (75% capacity)
    Memory: 48GB/128GB used
    Age: 10m

Sessions: 3 total
  Running: 3
  Completed: 0
  Failed: 0

Total Capacity: 1/4 slots available`;

const test = suite('tutorial 2: sessions in parallel');

test('three sessions share one VM, and watch shows them running and completed', async () => {
  const world = await openUserWorld();
  try {
    await world.tell('hold', '2');
    assert.is((await world.run('amplihack', 'remote', 'up')).code, 0);
    const terminal = await world.terminal();
    const { screen } = await terminal.run(start);
    assert.is(normalise(screen), started);
    const ids = idsIn(screen);
    assert.is(ids.length, 3);
    assert.is(normalise((await terminal.run('amplihack remote list')).screen), running);
    assert.is(normalise((await terminal.run('amplihack remote status')).screen), picture);

    const [first = ''] = ids;
    await world.prints(first, 'Task classification');
    const output = (await terminal.run(`amplihack remote output ${first}`)).screen;
    assert.match(output, 'Analyzing task: "implement user authentication"');
    assert.not.match(output, 'pagination');

    // Ten seconds are long for a test; watch is the same with one.
    await terminal.begin("watch -n 1 'amplihack remote list'");
    await terminal.shows(/(running [\s\S]*){3}/);
    await world.tell('hold', undefined);
    const watched = await terminal.shows(/(completed [\s\S]*){3}/);
    await terminal.press('C-c');
    await terminal.prompt();
    assert.is(
      normalise(watched.slice(watched.indexOf('SESSION'))),
      running.replaceAll('running   ', 'completed  ').replace('STATUS ', 'STATUS  '),
    );
  } finally {
    await world.close();
  }
});

test('at 80 columns the table is whole, and watch shows it', async () => {
  const world = await openUserWorld();
  try {
    await world.tell('hold', '2');
    const wide = await world.run('amplihack', 'remote', 'start', 'narrow terminal');
    const [id = ''] = idsIn(wide.out);
    const terminal = await world.terminal({ columns: 80 });
    const { screen } = await terminal.run('amplihack remote list');
    assert.is(normalise(screen).split('\n')[1], `${ID}   amplihack-azureuser-20251202... running   2m      narrow terminal`);
    await terminal.begin(`watch -n 1 'amplihack remote output ${id} --lines 50'`);
    await terminal.shows(/Task classification: simple implementation/);
    await terminal.press('C-c');
    await terminal.prompt();
    await terminal.begin("watch -n 1 'amplihack remote list'");
    await terminal.shows(new RegExp(`${id} +default-0 +running`));
    await terminal.press('C-c');
    await terminal.prompt();
  } finally {
    await world.close();
  }
});

test.run();
