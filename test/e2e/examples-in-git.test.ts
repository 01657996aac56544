// All examples in a Git work tree, reconciled: the work tree stays as it was.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFolderWorld } from './folder-world.ts';

const test = suite('examples in Git');
const ROOT = resolve(import.meta.dirname, '..', '..');
const EXAMPLES = join(ROOT, 'manifests', 'examples');

test('a work tree of all examples is clean after they were reconciled', async () => {
  // Agents that this machine may have must not run.
  process.env.PATH = [join(ROOT, 'test', 'fixtures', 'agents'), '/usr/bin', '/bin'].join(':');
  const world = openFolderWorld();
  try {
    const git = (...words: readonly string[]): string => {
      const who = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
      const env = { ...process.env, HOME: join(world.base, 'home'), GIT_CONFIG_NOSYSTEM: '1' };
      return execFileSync('git', [...who, ...words], { cwd: world.root, encoding: 'utf8', env });
    };
    cpSync(EXAMPLES, world.root, { recursive: true });
    git('init', '-q');
    git('add', '-A');
    git('commit', '-q', '-m', 'all examples');
    await world.startController();
    const client = await world.client();
    const reconciled = await world.until(
      'all examples reconciled',
      async () => {
        const all = [...(await client.list('Session')), ...(await client.list('VMPool'))];
        const isDone = all.every(({ metadata, status }) => status?.observedGeneration === metadata.generation);
        return all.length >= readdirSync(EXAMPLES).length && isDone && all;
      },
      60_000,
    );
    await world.untilPhase('hello', 'Completed', 60_000);
    assert.is(git('status', '--porcelain', '--ignored'), '');
    assert.is(git('diff', 'HEAD'), '');
    console.log(
      `${reconciled.length} objects of ${readdirSync(EXAMPLES).length} examples reconciled; git status --porcelain --ignored: nothing`,
    );
  } finally {
    await world.close();
  }
});

test.run();
