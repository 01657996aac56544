// Two branches of 2,000 manifests each in a Git work tree: a checkout touches no session that both have, the work tree
// stays clean, and afterwards the controller has nothing to do.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FolderWorld, openFolderWorld } from './folder-world.ts';
import { pool, session } from './manifest-texts.ts';
import { note } from './message-table.ts';

const RUNNING = ['runs-0', 'runs-1', 'runs-2'];
/** In both branches: these, the running ones and the pool. */
const COMMON = names('common', 1_296);
/** More than a fifth of all, so that their deletion has to be confirmed. */
const DIFFERENT = 700;
const ONLY = { left: names('left', DIFFERENT), right: names('right', DIFFERENT) };
const TOTAL = 1 + RUNNING.length + COMMON.length + DIFFERENT;
const IDLE_OVER_MS = 4_000;
/** Of one core: timers and the like. */
const IDLE_SHARE = 0.05;
const PATIENCE_MS = 120_000;

const test = suite<{ world: FolderWorld; pid: number; git: (...words: string[]) => string }>('git checkout');

test.before(async (context) => {
  const world = openFolderWorld();
  context.world = world;
  context.git = (...words) => execFileSync('git', words, { cwd: world.root, encoding: 'utf8', env: gitEnvironment(world) });
  fill(world, context.git);
  context.pid = (await world.startController()).pid ?? 0;
  await world.until(
    'all sessions',
    async () => existsSync(join(await world.state(), 'sessions', 'default')) && (await storedIn(world)).length === TOTAL - 1,
    PATIENCE_MS,
  );
  for (const name of RUNNING) await world.untilPhase(name, 'Running', PATIENCE_MS);
  await world.until(
    'all are looked at',
    async () => [...(await common(world)).values()].every(({ phase }) => phase !== undefined) || undefined,
    PATIENCE_MS,
  );
});
test.after(({ world }) => world.close());

test('between branches touches nothing that both have', async ({ world, git, pid }) => {
  const pids = () => RUNNING.map((name) => readFileSync(join(world.base, name), 'utf8'));
  const [before, pidsBefore] = [await common(world), pids()];
  assert.is(before.size, COMMON.length + RUNNING.length);

  git('checkout', '-q', 'right');
  const client = await world.client();
  const held = await world.until(
    'the deletion is held',
    async () => (await client.problems()).find(({ message }) => message.includes('vanished')),
    PATIENCE_MS,
  );
  assert.match(held.message, /the files of 700 objects vanished at once, so none of them is deleted/);
  note('git checkout that removes 700 of 2,000', `${held.file}: ${held.message}`);
  await world.until('the new ones are taken', async () => (await storedIn(world)).length === TOTAL - 1 + DIFFERENT, PATIENCE_MS);

  assert.is((await world.berth('apply', '--confirm-prune')).exit, 0);
  await world.until('the old ones are gone', async () => !(await storedIn(world)).some((name) => name.startsWith('left')), PATIENCE_MS);
  // The pass that deletes the last of them says so at its end.
  await world.until('nothing is held any more', async () => (await client.problems()).length === 0, PATIENCE_MS);
  assert.is((await storedIn(world)).length, TOTAL - 1);
  assert.equal(await common(world), before);
  assert.equal(pids(), pidsBefore);
  for (const own of pidsBefore) process.kill(Number(own), 0);
  assert.is(git('status', '--porcelain'), '');
  assert.ok(pid > 0);
});

test('is followed by rest', async ({ world, git, pid }) => {
  // Idle is what it comes to, not what it is at once.
  const share = await world.until(
    'rest',
    async () => {
      const used = await cpuShare(pid, IDLE_OVER_MS);
      return used < IDLE_SHARE ? { used } : undefined;
    },
    PATIENCE_MS,
  );
  note('processor time of the controller after the checkout', `${(share.used * 100).toFixed(1)} % of a core over ${IDLE_OVER_MS / 1000} s`);
  assert.is(git('status', '--porcelain'), '');
});

test.run();

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function fill(world: FolderWorld, git: (...words: string[]) => string): void {
  const parked = (name: string): void =>
    writeFileSync(join(world.root, 'sessions', `${name}.yaml`), session(name, 'echo never', '  poolRef: {name: lot}\n'));
  git('init', '-q', '-b', 'left');
  mkdirSync(join(world.root, 'sessions'));
  writeFileSync(join(world.root, 'lot.yaml'), pool('lot', '  paused: true\n'));
  for (const name of COMMON) parked(name);
  for (const name of RUNNING)
    writeFileSync(join(world.root, `${name}.yaml`), session(name, `echo $$ > ${join(world.base, name)}; sleep 600`));
  for (const branch of ['left', 'right'] as const) {
    if (branch === 'right') {
      git('checkout', '-q', '-b', 'right');
      for (const name of ONLY.left) rmSync(join(world.root, 'sessions', `${name}.yaml`));
    }
    for (const name of ONLY[branch]) parked(name);
    git('add', '-A');
    git('commit', '-q', '-m', branch);
  }
  git('checkout', '-q', 'left');
}

function gitEnvironment(world: FolderWorld): NodeJS.ProcessEnv {
  const who = { GIT_AUTHOR_NAME: 'T', GIT_AUTHOR_EMAIL: 't@example.org', GIT_COMMITTER_NAME: 'T', GIT_COMMITTER_EMAIL: 't@example.org' };
  return { ...process.env, ...who, HOME: join(world.base, 'home'), GIT_CONFIG_NOSYSTEM: '1' };
}

/** Names of the sessions' files: reading 2,000 of them again and again would cost more than what is waited for. */
async function storedIn(world: FolderWorld): Promise<readonly string[]> {
  return readdirSync(join(await world.state(), 'sessions', 'default')).filter((name) => name.endsWith('.yaml') && !name.startsWith('.'));
}

interface Facts {
  readonly uid: string;
  readonly generation: number;
  readonly phase: string | undefined;
  readonly attempt: number | undefined;
  readonly startTime: string | undefined;
}

/** What a touch would change of the sessions that both branches have. */
async function common(world: FolderWorld): Promise<ReadonlyMap<string, Facts>> {
  const kept = (await (await world.client()).list('Session')).filter(({ metadata }) => /^(common|runs)-/.test(metadata.name));
  return new Map(
    kept
      .map(({ metadata: { name, uid, generation }, status }): [string, Facts] => [
        name,
        { uid, generation, phase: status?.phase, attempt: status?.attempt, startTime: status?.startTime },
      ])
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

/** Processor time of a process over a while, its threads included, as a share of one core. */
async function cpuShare(pid: number, ms: number): Promise<number> {
  const before = cpuMs(pid);
  await new Promise((done) => setTimeout(done, ms));
  return (cpuMs(pid) - before) / ms;
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
