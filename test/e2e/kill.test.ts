// `berth kill` through the real controller: of a process tree that resists, nothing is left in time, and its neighbours go on.
import { resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { processesWith } from '../session/vm-world.ts';
import { eventually } from './eventually.ts';
import { ID, idsIn, normalise } from './normalise.ts';
import { openUserWorld, type UserWorld } from './world.ts';

const unkillable = resolve(import.meta.dirname, '..', 'fixtures', 'unkillable.sh');
/** The shell, its background child, two daemons, and the sleeps of the first three. */
const FEWEST = 6;

const test = suite('kill');
let world: UserWorld;

test.before(async () => {
  world = await openUserWorld();
});
test.after(() => world.close());

test('a tree that ignores SIGTERM is gone within 12 s, and its neighbours go on', async () => {
  const [victim, neighbour] = [await startUnkillable(), await start('bash', '-c', 'echo ready; read -r line; echo "got $line"')];
  const beside = await processesOf(neighbour);

  const killing = world.berth('kill', victim);
  await world.sees(victim, (session) => session.status?.shutdown !== undefined);
  const began = performance.now();
  await eventually(async () => ((await processesOf(victim)).length === 0 ? true : undefined));
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds > 8 && seconds < 12, `took ${seconds} s`);
  const killed = await killing;
  assert.is(normalise(killed.out), `Killing session: ${ID}\n  Sending SIGTERM...\n  Session terminated.\nStatus updated: killed\n`);
  assert.is(killed.code, 0);
  const { status } = (await world.session(victim)) ?? {};
  assert.is(status?.phase, 'Killed');
  assert.is(status?.shutdown?.mode, 'Graceful');

  assert.equal(await processesOf(neighbour), beside);
  assert.is((await world.session(neighbour))?.status?.vm?.uid, status?.vm?.uid);
  assert.is((await world.berth('send', neighbour, 'a line')).code, 0);
  await world.reaches(neighbour, 'Completed');
  assert.is(await world.prints(neighbour, 'got'), 'ready\ngot a line\n');
});

test('with --force it is gone at once', async () => {
  const victim = await startUnkillable();
  const began = performance.now();
  const killed = await world.berth('kill', '--force', victim);
  const seconds = (performance.now() - began) / 1000;
  assert.equal(await processesOf(victim), []);
  assert.ok(seconds < 5, `took ${seconds} s`);
  assert.is(normalise(killed.out), `Killing session: ${ID}\n  Sending SIGKILL...\n  Session terminated.\nStatus updated: killed\n`);
  assert.is((await world.session(victim))?.status?.shutdown?.mode, 'Immediate');
  const waited = await world.berth('wait', victim);
  assert.is(waited.code, 137);
});

test('a second kill with --force does not wait for the first one', async () => {
  const victim = await startUnkillable();
  const first = world.berth('kill', victim);
  await world.sees(victim, (session) => session.status?.shutdown?.mode === 'Graceful');
  const began = performance.now();
  assert.is((await world.berth('kill', '--force', victim)).code, 0);
  assert.ok(performance.now() - began < 5_000);
  assert.is((await first).code, 0);
  assert.equal(await processesOf(victim), []);
});

test('kill goes on while the controller is killed, and the next one brings it to its end', async () => {
  const victim = await startUnkillable();
  const first = world.berth('kill', victim, '--timeout', '1s');
  await world.sees(victim, (session) => session.status?.shutdown !== undefined);
  process.kill(await world.controllerPID(), 'SIGKILL');
  assert.is((await first).code, 4);
  const killed = await world.berth('kill', victim, '--force');
  assert.match(killed.err, 'No controller was running: started one in the background');
  assert.is(killed.code, 0, killed.out + killed.err);
  assert.equal(await processesOf(victim), []);
});

test.run();

async function start(...argv: readonly string[]): Promise<string> {
  const { out, err, code } = await world.berth('start', '--', ...argv);
  assert.is(code, 0, err);
  return idsIn(out)[0] ?? '';
}

async function startUnkillable(): Promise<string> {
  const id = await start('bash', unkillable);
  await eventually(async () => ((await processesOf(id)).length >= FEWEST ? true : undefined));
  return id;
}

/** All that runs in the session's name but its supervisor and terminal, which outlive it for a moment. */
async function processesOf(id: string): Promise<readonly number[]> {
  const session = await world.session(id);
  return processesWith(`BERTH_SESSION_UID=${session?.metadata.uid}`);
}
