// `npm run plant`: proves that the simulation finds bugs. Each patch in plants/ plants one in a copy of the tree; within
// 200 seeds it must be found. A patch that no longer applies fails too: it would prove nothing.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runSeeds } from './run-seeds.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLANTS = fileURLToPath(new URL('plants/', import.meta.url));
const MOST_SEEDS = 200;
const run = promisify(execFile);

/** The tree as it is now, committed or not, with the bug in it. */
const plant = async (patch: string, tree: string): Promise<void> => {
  for (const folder of ['controller', 'test/fakes', 'test/simulation', 'package.json'])
    await cp(join(ROOT, folder), join(tree, folder), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  await run('git', ['apply', '--unsafe-paths', join(PLANTS, patch)], { cwd: tree });
};

const hunt = async (tree: string): Promise<{ seeds: number; found?: string }> => {
  let seeds = 0;
  let found: string | undefined;
  await runSeeds({
    seeds: Array.from({ length: MOST_SEEDS }, (_, index) => index + 1),
    processes: 2,
    worker: join(tree, 'test/simulation/worker.ts'),
    done: (result) => {
      seeds += 1;
      if (result.violations[0] !== undefined) found ??= `seed ${result.seed}: ${result.violations[0]}`;
      return found === undefined;
    },
  });
  return { seeds, ...(found !== undefined && { found }) };
};

let missed = 0;
const patches = (await readdir(PLANTS)).filter((name) => name.endsWith('.patch')).toSorted();
for (const patch of patches) {
  const tree = await mkdtemp(join(tmpdir(), 'berth-plant-'));
  try {
    await plant(patch, tree);
    const { seeds, found } = await hunt(tree);
    if (found === undefined) missed += 1;
    process.stdout.write(`${patch}: ${found === undefined ? `NOT FOUND in ${seeds} seeds` : `found after ${seeds} seeds (${found})`}\n`);
  } catch (error) {
    missed += 1;
    process.stdout.write(`${patch}: could not be planted: ${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}
process.stdout.write(`${patches.length - missed} found, ${missed} missed\n`);
process.exitCode = missed === 0 && patches.length >= 5 ? 0 : 1;
