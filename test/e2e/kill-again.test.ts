// `berth kill` while another one is under way, and while nobody is there to see it through.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { processesOf, startUnkillable } from './unkillable.ts';
import { openUserWorld, type UserWorld } from './world.ts';

const test = suite('kill, again');
let world: UserWorld;

test.before(async () => {
  world = await openUserWorld();
});
test.after(() => world.close());

test('a second kill with --force does not wait for the first one', async () => {
  const victim = await startUnkillable(world);
  const first = world.berth('kill', victim);
  await world.sees(victim, (session) => session.status?.shutdown?.mode === 'Graceful');
  const began = performance.now();
  assert.is((await world.berth('kill', '--force', victim)).code, 0);
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seconds < 8, `took ${seconds} s, and the first one's patience is 10`);
  assert.is((await first).code, 0);
  assert.equal(await processesOf(world, victim), []);
});

test('kill goes on while the controller is killed, and the next one brings it to its end', async () => {
  const victim = await startUnkillable(world);
  const first = world.berth('kill', victim, '--timeout', '1s');
  await world.sees(victim, (session) => session.status?.shutdown !== undefined);
  process.kill(await world.controllerPID(), 'SIGKILL');
  assert.is((await first).code, 4);
  const killed = await world.berth('kill', victim, '--force');
  assert.match(killed.err, 'No controller was running: started one in the background');
  assert.is(killed.code, 0, killed.out + killed.err);
  assert.equal(await processesOf(world, victim), []);
});

test.run();
