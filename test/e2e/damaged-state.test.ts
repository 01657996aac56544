// A controller that starts on a damaged state file: what the file described runs on, and is looked after again once the
// file is back, without another restart.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FolderWorld, openFolderWorld } from './folder-world.ts';
import { session } from './manifest-texts.ts';

const test = suite('damaged state files');

/** Long enough for several looks at the VM, and for a stray to be ended. */
const WHILE_MS = 8_000;

/** Tells in a file how far it is, and ends when there is another one. */
const counting = (seen: string, go: string): string =>
  `for ((i = 1; ; i++)); do echo "line $i"; echo "$i" > ${seen}; [ ! -e ${go} ] || exit 0; sleep 0.1; done`;

const survives = async (world: FolderWorld, file: string): Promise<void> => {
  const [seen, go] = [join(world.base, 'seen'), join(world.base, 'go')];
  const reached = (): number => Number(readFileSync(seen, 'utf8'));
  world.put('counter.yaml', session('counter', counting(seen, go)));
  await world.startController();
  const before = await world.untilPhase('counter', 'Running');
  await world.until('its first lines', () => existsSync(seen) && reached() > 3);
  await world.stopController('SIGKILL');
  const path = join(await world.state(), file);
  const aside = join(world.base, 'aside');
  renameSync(path, aside);
  writeFileSync(path, readFileSync(aside, 'utf8').slice(0, 60));

  await world.startController();
  await new Promise((resolve) => setTimeout(resolve, WHILE_MS));
  assert.match(world.log(), `${path}: this state file is damaged`);
  const listed = await world.berth('list');
  assert.match(listed.err, `${path}: this state file is damaged`);
  const count = reached();
  await world.until('it to go on', () => reached() > count + 3);

  renameSync(aside, path);
  writeFileSync(go, '');
  const after = await world.untilPhase('counter', 'Completed');
  assert.equal([after.metadata.uid, after.status?.attempt], [before.metadata.uid, before.status?.attempt]);
  const { out } = await world.berth('output', 'counter', '--raw');
  assert.is(out, Array.from({ length: reached() }, (_, index) => `line ${index + 1}\n`).join(''));
};

for (const [what, file] of [
  ["a running session's own file", 'sessions/default/counter.yaml'],
  ["the file of a running session's VM", 'vms/default/default-0.yaml'],
  ["the file of a running session's pool", 'vmpools/default/default.yaml'],
] as const)
  test(`${what} ends nothing`, async () => {
    const world = openFolderWorld();
    try {
      await survives(world, file);
    } finally {
      await world.close();
    }
  });

test.run();
