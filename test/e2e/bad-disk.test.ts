// A machine that misbehaves: a disk that is full or may not be written to, and a clock that jumps back an hour.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../runner/skip.ts';
import { type FolderWorld, isOrdinary, openFolderWorld } from './folder-world.ts';
import { session } from './manifest-texts.ts';
import { note } from './message-table.ts';

/** Tells in a file how far it is, and ends when there is another one. */
const counting = (seen: string, go: string): string =>
  `for ((i = 1; ; i++)); do echo "line $i"; echo "$i" > ${seen}; [ ! -e ${go} ] || exit 0; sleep 0.2; done`;
const numbered = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

const test = suite('a machine that misbehaves');

const inWorld =
  (use: (world: FolderWorld) => Promise<void>, open: () => FolderWorld = openFolderWorld) =>
  async (): Promise<void> => {
    const world = open();
    try {
      await use(world);
    } finally {
      await world.close();
    }
  };

if (!canMount) skip('a full disk loses nothing', 'only root may mount a small file system');
else
  test('with a full disk says so, loses nothing, and goes on by itself', async () => {
    const base = { disk: '' };
    const open = (): FolderWorld =>
      openFolderWorld({
        root: (folder) => {
          base.disk = join(folder, 'disk');
          mkdirSync(base.disk);
          execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', base.disk]);
          return join(base.disk, 'manifests');
        },
      });
    const unmounting = async (world: FolderWorld): Promise<void> => {
      try {
        await fillUp(world, base.disk);
      } finally {
        await world.stopController('SIGKILL');
        await world.closeRuns();
        execFileSync('umount', ['-l', base.disk]);
      }
    };
    await inWorld(unmounting, open)();
  });

const fillUp = async (world: FolderWorld, disk: string): Promise<void> => {
  const [seen, go] = [join(world.base, 'seen'), join(world.base, 'go')];
  const printed = (): number => Number(readFileSync(seen, 'utf8'));
  world.put('counter.yaml', session('counter', counting(seen, go)));
  await world.startController();
  await world.untilPhase('counter', 'Running');

  // Less than a log store wants to have free: nothing new is placed.
  resize(disk, '40m');
  world.put('waiting.yaml', session('waiting', 'echo placed at last'));
  const waiting = await world.until('the wait', async () => {
    const found = await world.session('waiting');
    return found?.status?.reason === 'LogStoreFull' && found;
  });
  note('log store nearly full', `${waiting.status?.reason}: ${waiting.status?.message}`);

  const filler = join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 4 * bsize)));
  for (let index = 0; statfsSync(disk).bavail > 0 && index < 64; index++) {
    try {
      writeFileSync(`${filler}-${index}`, Buffer.alloc(bsize));
    } catch {
      break;
    }
  }
  await world.until('it is said', () => /ENOSPC/.test(world.log()));
  note('full disk', /"message":"([^"]*ENOSPC[^"]*)"/.exec(world.log())?.[1] ?? '');
  const list = await world.berth('list');
  assert.is(list.exit, 0, list.err);
  assert.match(list.out, /counter/);
  const refused = await world.berth('kill', 'waiting');
  assert.match(
    refused.err,
    /^Error: cannot write .*ENOSPC.*\(the disk is full: free some space; nothing is lost, and Berth goes on by itself\)/m,
  );
  note('berth kill with a full disk', refused.err.trim());

  const meanwhile = printed();
  await world.until('more lines', () => printed() > meanwhile + 2);
  for (let index = 0; index < 64; index++) rmSync(`${filler}-${index}`, { force: true });
  rmSync(filler);
  resize(disk, '160m');
  await world.untilPhase('waiting', 'Completed');
  writeFileSync(go, '');
  const counter = await world.untilPhase('counter', 'Completed');
  assert.is(counter.status?.attempt, 1);
  const raw = await world.berth('output', 'counter', '--raw');
  assert.is(raw.out, numbered(printed()));
};

const resize = (disk: string, size: string): void => void execFileSync('mount', ['-o', `remount,size=${size}`, disk]);

if (!isOrdinary) skip('a read-only folder keeps its state elsewhere', 'we are root, and setpriv cannot drop its right to write everything');
else
  test(
    'with a read-only folder keeps its state in XDG_STATE_HOME',
    inWorld(async (world) => {
      world.put('reader.yaml', session('reader', 'echo read'));
      chmodSync(world.root, 0o555);
      try {
        await world.startController();
        const state = await world.state();
        assert.ok(state.startsWith(join(world.base, 'xdg-state', 'berth')), state);
        assert.not(existsSync(join(world.root, '.berth')));
        await world.untilPhase('reader', 'Completed');
        assert.is((await world.berth('output', 'reader', '--raw')).out, 'read\n');
        const apply = await world.berth('start', '--detach', '--', 'true');
        assert.match(apply.err, /^Error: cannot write .*EACCES.*permission denied/m);
        note('berth start on a read-only folder', apply.err.trim());
        note('read-only folder', `its state is in ${state.replace(world.base, '$BASE')}`);
      } finally {
        chmodSync(world.root, 0o755);
      }
    }),
  );

test(
  'with a clock that jumps back an hour goes on, and nothing stops for an hour',
  inWorld(async (world) => {
    const go = join(world.base, 'go');
    world.put(
      'before.yaml',
      session('before', `until [ -e ${go} ]; do echo tick; sleep 0.1; done; exit 3`, '  activeDeadlineSeconds: 600\n'),
    );
    const controller = await world.startController('--import', pathToFileURL(join(import.meta.dirname, 'shifted-clock.ts')).href);
    const { metadata } = await world.untilPhase('before', 'Running');
    controller.kill('SIGUSR2');
    await world.until('it is seen', () => /Wall clock jumped/.test(world.log()));
    note('clock jumped back an hour', /"jumpedMs":-?\d+,"msg":"[^"]*"/.exec(world.log())?.[0] ?? '');
    world.put('after.yaml', session('after', 'echo after'));
    await world.untilPhase('after', 'Completed');
    world.put('killed.yaml', session('killed', 'sleep 600'));
    await world.untilPhase('killed', 'Running');
    assert.is((await world.berth('kill', 'killed')).exit, 0);
    await world.untilPhase('killed', 'Killed');
    writeFileSync(go, '');
    const before = await world.untilPhase('before', 'Failed');
    assert.equal([before.metadata.uid, before.status?.attempt, before.status?.exitCode], [metadata.uid, 1, 3]);
    world.remove('after.yaml');
    await world.until('a removal settles', async () => (await world.session('after')) === undefined);
    assert.is((await world.berth('list')).exit, 0);
    assert.is((await world.berth('status')).exit, 0);
  }),
);

test.run();
