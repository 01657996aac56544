// Sessions that were made a moment ago: until the controller has read their files they are nowhere else.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openUserWorld, type UserWorld } from './world.ts';

const test = suite('just made');
let world: UserWorld;

test.before(async () => {
  world = await openUserWorld();
});
test.after(() => world.close());

const make = async (...words: readonly string[]): Promise<string> => {
  const { out } = await world.berth('start', '--detach', '-o', 'name', ...words);
  return out.trim();
};

test('where no controller runs, whoever asks for one brings it up, or is told that none runs', async () => {
  const id = await make('--no-up', '--', 'sh', '-c', 'echo hello; exit 3');
  const name = id.slice(id.indexOf('/') + 1);
  const untaken = `Error: session ${name} is not taken up yet: no controller runs\nHint: Run 'berth up'.\n`;
  assert.equal(await world.berth('output', id, '--no-up'), { code: 4, out: '', err: untaken });
  assert.equal(await world.berth('kill', id, '--no-up'), { code: 4, out: '', err: untaken });
  assert.equal(await world.berth('wait', id, '--no-up'), { code: 125, out: '', err: untaken });
  assert.equal(await world.berth('wait', 'nope', '--no-up'), { code: 125, out: '', err: 'Error: Session ID not found\n' });
  const waited = await world.berth('wait', id);
  assert.equal([waited.code, waited.out], [3, `${name} failed\n`]);
  assert.match(waited.err, 'No controller was running: started one in the background');
  assert.is((await world.berth('output', id, '--raw')).out, 'hello\n');
});

test('with a controller running they are found at once', async () => {
  assert.is((await world.berth('wait', await make('--', 'sh', '-c', 'exit 4'))).code, 4);
  const rerun = await world.berth('rerun', await make('--', 'sh', '-c', 'exit 5'));
  assert.is((await world.berth('wait', rerun.out.trim())).code, 5);
  const followed = await world.berth('output', await make('--', 'echo', 'followed'), '--follow', '--raw');
  assert.equal([followed.code, followed.out], [0, 'followed\n']);
  const manifest = join(world.root, 'applied.yaml');
  await writeFile(manifest, 'apiVersion: berth.dev/v1alpha1\nkind: Session\nmetadata: {name: applied}\nspec: {command: [sleep, "600"]}\n');
  await world.berth('apply', '-f', manifest);
  assert.is((await world.berth('output', 'applied')).code, 0);
});

test('a kill of one ends it, and a kill of all ends it as well', async () => {
  const killed = await world.berth('kill', '--force', await make('--', 'sleep', '600'));
  assert.equal([killed.code, killed.err], [0, '']);
  assert.match(killed.out, 'Status updated: killed\n');
  const id = await make('--', 'sleep', '600');
  assert.is((await world.berth('kill', '--all', '--force')).code, 0);
  assert.is((await world.session(id.slice(id.indexOf('/') + 1)))?.status?.phase, 'Killed');
});

test.run();
