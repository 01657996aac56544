// The tutorial's chapter 1, typed into a terminal as printed: one session from its start to its pull request.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ID, idsIn, normalise, VM } from './normalise.ts';
import { openUserWorld } from './world.ts';

const prompt = 'create a simple hello world Python script';
const started = `Starting 1 session(s)...

Provisioning new VM...

[1/1] ${ID}
  VM: ${VM} (provisioning new VM)
  Prompt: ${prompt}
  Status: pending

VM ready: ${VM}
Session started on VM.

Sessions started. Use 'amplihack remote list' to monitor.`;
const running = `\
SESSION                    VM                              STATUS    AGE     PROMPT
${ID}   amplihack-azureuser-20251202... running   2m      create a simple hello...`;
const firstSteps = `=== Session: ${ID} ===
VM: ${VM}
Status: running
Captured: 2025-12-02 08:32:45 (19 lines)

Step 1: Rewrite and Clarify Requirements
  [prompt-writer] Analyzing task: "${prompt}"
  [prompt-writer] Task classification: simple implementation

Step 2: Create GitHub Issue
  Creating issue: "Create Hello World Python script"
  Issue created: #123

Step 3: Setup Worktree and Branch
  Creating branch: feat/issue-123-hello-world
  Branch created and pushed.

Step 4: Research and Design
  [architect] This is a simple script, no complex design needed

Step 5: Implement the Solution
  [builder] Creating hello.py...
  [builder] Implementation complete.`;
const completed = `\
SESSION                    VM                              STATUS     AGE     PROMPT
${ID}   amplihack-azureuser-20251202... completed  2m      create a simple hello...`;
const lastLines = `Step 21: Ensure PR is Mergeable
  [reviewer] All checks passing
  [reviewer] PR is mergeable

Task completed successfully.
PR #45 ready for merge: https://github.com/user/repo/pull/45`;

const test = suite('tutorial 1: a single session');

test('starts, lists, shows, follows and completes it, and knows its pull request', async () => {
  const world = await openUserWorld();
  try {
    await world.tell('hold', '6');
    const terminal = await world.terminal();

    const start = await terminal.run(`amplihack remote start "${prompt}"`);
    const [id = ''] = idsIn(start.screen);
    const [note, ...others] = start.screen.split('\n').filter((line) => line.startsWith('No controller was running'));
    assert.match(
      note ?? '',
      /^No controller was running: started one in the background \(pid \d+\)\. Stop it with 'amplihack remote down'\.$/,
    );
    assert.equal(others, []);
    assert.is(normalise(start.screen.replace(`${note}\n`, '')), started);
    assert.is(start.code, 0);

    assert.is(normalise((await terminal.run('amplihack remote list')).screen), running);
    await world.prints(id, 'Implementation complete.');
    assert.is(normalise((await terminal.run(`amplihack remote output ${id}`)).screen), firstSteps);

    await terminal.begin(`amplihack remote output ${id} --follow`);
    await terminal.shows(/Implementation complete/);
    await world.tell('hold', undefined);
    const followed = await terminal.prompt();
    assert.is(followed.code, 0);
    assert.ok(normalise(followed.screen).startsWith(`${firstSteps}\n\nStep 6: Refactor and Simplify`), followed.screen);
    assert.ok(followed.screen.endsWith(lastLines), followed.screen);
    assert.is(followed.screen.match(/^Step \d+: /gm)?.length, 21);

    assert.is(normalise((await terminal.run('amplihack remote list')).screen), completed);
    const final = await terminal.run(`amplihack remote output ${id} --lines 500`);
    assert.is(final.screen.replace(/^Captured.*$/m, ''), followed.screen.replace(/^Captured.*$/m, '').replace('running', 'completed'));
    assert.match(final.screen, /^Captured: .* \(70 lines\)$/m);

    assert.equal(await world.started(id), {
      argv: ['amplihack', 'claude', '--auto', '--max-turns', '10', '--', '-p', prompt],
      prompt,
    });
    assert.is((await world.session(id))?.status?.results?.pullRequestURL, 'https://github.com/user/repo/pull/45');
  } finally {
    await world.close();
  }
});

test('stops following at Ctrl-C, and the session goes on', async () => {
  const world = await openUserWorld();
  try {
    await world.tell('hold', '6');
    const terminal = await world.terminal();
    const [id = ''] = idsIn((await terminal.run('amplihack remote start --agent claude "greet"')).screen);
    await terminal.begin(`amplihack remote output ${id} --follow`);
    await terminal.shows(/Implementation complete/);
    await terminal.press('C-c');
    assert.is((await terminal.prompt()).code, 130);
    await world.tell('hold', undefined);
    await world.reaches(id, 'Completed');
    assert.equal(await world.started(id), {
      argv: ['claude', '-p', '--max-turns', '10', '--output-format', 'stream-json', '--verbose'],
      prompt: 'greet',
    });
  } finally {
    await world.close();
  }
});

test.run();
