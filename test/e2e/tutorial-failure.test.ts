// The tutorial's chapter 3, typed into a terminal as printed: a session that can not go on, its end, and the ways out.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ID, idsIn, normalise, VM } from './normalise.ts';
import { openUserWorld, type UserWorld } from './world.ts';

const vague = 'amplihack remote start "implement feature X with intentionally vague requirements"';
const asks = `=== Session: ${ID} ===
VM: ${VM}
Status: running
Captured: 2025-12-02 08:32:45 (5 lines)

Error: Ambiguous requirements detected
  [ambiguity] Requirement "feature X" lacks specificity
  [ambiguity] Cannot proceed without clarification

Session paused, awaiting user input.`;
const killed = `Killing session: ${ID}
  Sending SIGTERM...
  Session terminated.
Status updated: killed`;
const removed = `Killing session: ${ID}
  Not started; removed from the queue.
Status updated: killed`;
const unchanged = `Killing session: ${ID}
  Already killed.
Status unchanged: killed`;

const test = suite('tutorial 3: sessions that fail');
let world: UserWorld;

test.before(async () => {
  world = await openUserWorld();
});
test.after(() => world.close());

test('a session that asks shows its question, is killed, and a clearer one is started', async () => {
  const terminal = await world.terminal();
  const [id = ''] = idsIn((await terminal.run(vague)).screen);
  const { screen } = await terminal.run('amplihack remote list --status running');
  assert.is(normalise(screen).split('\n').at(-1), `${ID}   amplihack-azureuser-20251202... running   2m      implement feature X w...`);
  await world.prints(id, 'awaiting user input');
  assert.is(normalise((await terminal.run(`amplihack remote output ${id} --lines 200`)).screen), asks);
  const kill = await terminal.run(`amplihack remote kill ${id}`);
  assert.is(normalise(kill.screen), killed);
  assert.is(kill.code, 0);
  const again = await terminal.run(`amplihack remote kill ${id}`);
  assert.is(normalise(again.screen), unchanged);
  assert.is(again.code, 0);

  const clear = await terminal.run('amplihack remote start "implement user profile page with avatar upload and bio editing"');
  assert.match(normalise(clear.screen), `  VM: ${VM} (reused)`);
  assert.not.match(clear.screen, 'rovisioning');
  const [next = ''] = idsIn(clear.screen);
  await world.reaches(next, 'Completed');
});

test('an answer reaches a session that waits for it', async () => {
  const terminal = await world.terminal();
  const [id = ''] = idsIn((await terminal.run(vague)).screen);
  const asking = await world.sees(id, (session) => session.status?.waiting !== undefined);
  assert.is(asking.status?.waiting?.question, 'Session paused, awaiting user input.');
  const { sessions } = JSON.parse((await world.run('amplihack', 'remote', 'list', '--json', '--status', 'running')).out) as {
    readonly sessions: readonly { readonly session_id: string; readonly awaiting_input: boolean }[];
  };
  assert.equal(
    sessions.map(({ session_id, awaiting_input }) => [session_id, awaiting_input]),
    [[id, true]],
  );
  const sent = await terminal.run(`amplihack remote send ${id} "use OAuth, and nothing else"`);
  assert.is(sent.code, 0, sent.screen);
  const done = await world.reaches(id, 'Completed');
  assert.is(done.status?.waiting, undefined);
  assert.match(await world.prints(id, 'PR #45 ready'), 'Clarified: use OAuth, and nothing else\n');
});

test('a session that waits for a place is removed from the queue', async () => {
  const { out } = await world.berth('start', '--detach', '--region', 'nowhere', 'no such region');
  const [id = ''] = idsIn(out);
  await world.reaches(id, 'Pending');
  const kill = await world.berth('kill', id);
  assert.is(normalise(kill.out).trimEnd(), removed);
  assert.is(kill.code, 0);
});

test('an unknown session is said to be unknown', async () => {
  for (const words of [
    ['output', 'sess-xxx'],
    ['kill', 'sess-xxx'],
    ['send', 'sess-xxx', 'hello'],
  ]) {
    const ran = await world.run('amplihack', 'remote', ...words);
    assert.is(ran.code, 3);
    assert.match(ran.err, /^Error: Session ID not found$/m);
  }
});

test('an agent that is not installed fails with a word on what to do', async () => {
  const { out } = await world.berth('start', '--detach', '--agent', 'codex', 'anything');
  const [id = ''] = idsIn(out);
  const failed = await world.reaches(id, 'Failed');
  assert.is(failed.status?.reason, 'LaunchFailed');
  assert.match(failed.status?.message ?? '', "codex: not found on the VM's PATH; install it there");
});

test.run();
