// `berth kill` through the real controller: of a process tree that resists, nothing is left in time, and its neighbours go on.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './eventually.ts';
import { ID, normalise } from './normalise.ts';
import { processesOf, startCommand, startUnkillable } from './unkillable.ts';
import { openUserWorld, type UserWorld } from './world.ts';

const test = suite('kill');
let world: UserWorld;

test.before(async () => {
  world = await openUserWorld();
});
test.after(() => world.close());

test('a tree that ignores SIGTERM is gone within 12 s, and its neighbours go on', async () => {
  const [victim, neighbour] = [
    await startUnkillable(world),
    await startCommand(world, 'bash', '-c', 'echo ready; read -r line; echo "got $line"'),
  ];
  const beside = await processesOf(world, neighbour);

  const killing = world.berth('kill', victim);
  await world.sees(victim, (session) => session.status?.shutdown !== undefined);
  const began = performance.now();
  await eventually(async () => ((await processesOf(world, victim)).length === 0 ? true : undefined));
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds > 8 && seconds < 12, `took ${seconds} s`);
  const killed = await killing;
  assert.is(normalise(killed.out), `Killing session: ${ID}\n  Sending SIGTERM...\n  Session terminated.\nStatus updated: killed\n`);
  assert.is(killed.code, 0);
  const { status } = (await world.session(victim)) ?? {};
  assert.is(status?.phase, 'Killed');
  assert.is(status?.shutdown?.mode, 'Graceful');

  assert.equal(await processesOf(world, neighbour), beside);
  assert.is((await world.session(neighbour))?.status?.vm?.uid, status?.vm?.uid);
  assert.is((await world.berth('send', neighbour, 'a line')).code, 0);
  await world.reaches(neighbour, 'Completed');
  assert.is(await world.prints(neighbour, 'got'), 'ready\ngot a line\n');
});

test('with --force it is gone at once', async () => {
  const victim = await startUnkillable(world);
  const began = performance.now();
  const killed = await world.berth('kill', '--force', victim);
  const seconds = (performance.now() - began) / 1000;
  assert.equal(await processesOf(world, victim), []);
  assert.ok(seconds < 8, `took ${seconds} s, where SIGTERM gives 10`);
  assert.is(normalise(killed.out), `Killing session: ${ID}\n  Sending SIGKILL...\n  Session terminated.\nStatus updated: killed\n`);
  assert.is((await world.session(victim))?.status?.shutdown?.mode, 'Immediate');
  const waited = await world.berth('wait', victim);
  assert.is(waited.code, 137);
});

test.run();
