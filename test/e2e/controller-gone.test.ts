// Commands that wait, and the controller that they wait for killed; and what ends while there is none.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { processesWith } from '../session/vm-world.ts';
import { eventually } from './eventually.ts';
import { idsIn } from './normalise.ts';
import { processesOf, startCommand, startUnkillable } from './unkillable.ts';
import { openUserWorld, type UserWorld } from './world.ts';

const test = suite('controller gone');
let world: UserWorld;

test.before(async () => {
  world = await openUserWorld();
});
test.after(() => world.close());

const untilFile = (name: string): string => `until [ -e "${join(world.root, name)}" ]; do sleep 0.1; done`;
const put = (name: string) => world.run('touch', join(world.root, name));
const killController = async (): Promise<void> => {
  process.kill(await world.controllerPID(), 'SIGKILL');
};
const STARTED = 'No controller was running: started one in the background';

test('wait and output --follow bring the controller up again, and see the end', async () => {
  const id = await startCommand(world, 'sh', '-c', `echo begun; ${untilFile('end-1')}; echo ended; exit 3`);
  await world.prints(id, 'begun');
  const [waiting, following] = [world.berth('wait', id), world.berth('output', id, '--follow', '--raw')];
  await eventually(async () => ((await processesWith(id)).length > 1 ? true : undefined));
  const pid = await world.controllerPID();
  await killController();
  await eventually(async () => ((await world.controllerPID()) === pid ? undefined : true));
  await put('end-1');
  const [waited, followed] = await Promise.all([waiting, following]);
  assert.equal([waited.code, waited.out], [3, `${id} failed\n`]);
  assert.equal([followed.code, followed.out], [3, 'begun\nended\n']);
  assert.match(waited.err + followed.err, STARTED);
});

const SLOW = `apiVersion: berth.dev/v1alpha1
kind: VMPool
metadata: {name: slow}
spec: {provider: {type: Local, local: {bootSeconds: 8}}}
`;

test('start and kill do so as well', async () => {
  await mkdir(world.store, { recursive: true });
  await writeFile(join(world.store, 'slow.yaml'), SLOW);
  const starting = world.berth('start', '--pool', 'slow', '--', 'sh', '-c', 'echo begun; sleep 600');
  await eventually(async () => ((await world.berth('get', 'vms', '-o', 'name')).out.includes('slow-0') ? true : undefined));
  await killController();
  const started = await starting;
  assert.is(started.code, 0, started.err);
  assert.match(started.out, 'Session started on VM.');
  assert.match(started.err, STARTED);
  const ids = [...idsIn(started.out), await startUnkillable(world)];
  const killing = world.berth('kill', ...ids);
  for (const id of ids) await world.sees(id, ({ status }) => status?.shutdown !== undefined);
  await killController();
  const killed = await killing;
  assert.is(killed.code, 0, killed.err);
  assert.is(killed.out.match(/Status updated: killed/g)?.length, 2, killed.out);
  assert.match(killed.err, STARTED);
});

test('with --no-up they say that nobody looks any more', async () => {
  const id = await startCommand(world, 'sleep', '600');
  const waiting = world.berth('wait', id, '--no-up');
  const following = world.berth('output', id, '--follow', '--raw', '--no-up');
  const said = "Error: no controller runs any more: what becomes of the sessions is not seen\nHint: Run 'berth up'.\n";
  await killController();
  assert.equal(await waiting, { code: 125, out: '', err: said });
  assert.equal(await following, { code: 125, out: '', err: said });
  const sent = await world.berth('send', id, 'yes', '--no-up');
  assert.equal(sent, {
    code: 4,
    out: '',
    err: "Error: no controller runs: the text is kept, and typed when one does\nHint: Run 'berth up'.\n",
  });
  const [row = ''] = (await world.berth('list', '--no-up')).out.split('\n').filter((line) => line.startsWith(id));
  assert.match(row, / running .*\(as of \d{4}-.*Z\)$/);
  assert.is((await world.berth('kill', id, '--force')).code, 0);
});

test('what ended while none ran is not killed: not by its end, and not by a request that came later', async () => {
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => startCommand(world, 'sh', '-c', `${untilFile(`end-${name}`)}`)),
  );
  assert.ok(first && second);
  await killController();
  await Promise.all([put('end-first'), put('end-second')]);
  for (const id of [first, second]) await eventually(async () => ((await processesOf(world, id)).length === 0 ? true : undefined));
  assert.is((await world.berth('kill', second, '--no-up')).code, 4);
  const killed = await world.berth('kill', first);
  assert.match(killed.err, STARTED);
  assert.equal([killed.code, killed.out], [0, `Killing session: ${first}\n  Already completed.\nStatus unchanged: completed\n`]);
  const { status } = await world.sees(second, (session) => session.status?.completionTime !== undefined);
  assert.equal([status?.phase, status?.exitCode], ['Completed', 0]);
  assert.match(await readFile(join(world.store, '.berth', 'sessions', 'default', `${first}.yaml`), 'utf8'), 'phase: Completed');
});

test.run();
