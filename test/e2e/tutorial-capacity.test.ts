// The tutorial's chapter 4, typed into a terminal as printed: a VM is filled, and a fifth session makes the second one.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ID, idsIn, normalise, VM } from './normalise.ts';
import { openUserWorld } from './world.ts';

const fill = `amplihack remote start \\
  "task 1" \\
  "task 2" \\
  "task 3" \\
  "task 4"`;
const full = `=== Remote Session Pool Status ===

VMs: 1 total
  ${VM} (l, local)
    Sessions: 4/4 (100% capacity)
    Memory: 64GB/128GB used
    Age: 10m

Sessions: 4 total
  Running: 4
  Completed: 0
  Failed: 0

Total Capacity: 0/4 slots available (FULL)`;
const fifth = `Starting 1 session(s)...

No capacity available on existing VMs.
Provisioning new VM...

[1/1] ${ID}
  VM: ${VM} (provisioning new VM)
  Prompt: task 5
  Status: pending

VM ready: ${VM}
Session started on VM.

Sessions started. Use 'amplihack remote list' to monitor.`;
const two = `=== Remote Session Pool Status ===

VMs: 2 total
  ${VM} (l, local)
    Sessions: 4/4 (100% capacity)
    Memory: 64GB/128GB used
    Age: 10m

  ${VM} (l, local)
    Sessions: 1/4 (25% capacity)
    Memory: 16GB/128GB used
    Age: 10m

Sessions: 5 total
  Running: 5
  Completed: 0
  Failed: 0

Total Capacity: 3/8 slots available`;

const test = suite('tutorial 4: the capacity of the pool');

test('four sessions fill a VM, and the fifth makes a second one', async () => {
  const world = await openUserWorld();
  try {
    await world.tell('hold', '2');
    assert.is((await world.run('amplihack', 'remote', 'up')).code, 0);
    const terminal = await world.terminal();
    const { screen } = await terminal.run(fill);
    assert.match(normalise(screen), `All 4 sessions started on VM: ${VM}\n`);
    assert.is(normalise((await terminal.run('amplihack remote status')).screen), full);

    const one = await terminal.run('amplihack remote start "task 5"');
    assert.is(normalise(one.screen), fifth);
    assert.is(normalise((await terminal.run('amplihack remote status')).screen), two);

    const placed = await Promise.all([...idsIn(screen), ...idsIn(one.screen)].map((id) => world.session(id)));
    assert.equal(
      placed.map((session) => session?.status?.vm?.name),
      ['default-0', 'default-0', 'default-0', 'default-0', 'default-1'],
    );
  } finally {
    await world.close();
  }
});

test.run();
