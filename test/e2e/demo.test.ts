// The README's first command, as a newcomer sees it. Needs dist/, which `npm test` has built.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../runner/skip.ts';
import { processesWith, until } from '../session/vm-world.ts';

const test = suite('the demo');

if (!existsSync(resolve(import.meta.dirname, '..', '..', 'dist', 'berth.mjs'))) skip('the demo', 'dist/ is not built');
else {
  test('runs a session from a file to its output, and leaves nothing running', async () => {
    const temp = mkdtempSync(join(tmpdir(), 'demo-'));
    try {
      const demo = spawnSync(process.execPath, [join(import.meta.dirname, 'demo.ts')], {
        encoding: 'utf8',
        env: { ...process.env, TMPDIR: temp, HOME: temp },
      });
      assert.is(demo.status, 0, demo.stdout + demo.stderr);
      assert.match(demo.stdout, /Pending[\s\S]* s {2}Running on VM default-0[\s\S]* s {2}Completed on VM default-0/);
      assert.match(demo.stdout, /phase: Completed[\s\S]*exitCode: 0/);
      assert.match(demo.stdout, /tail: \|\n +Step: plan\n +Step: write\n +Step: test\n +Hello from a Berth session\.\n/);
      assert.match(demo.stdout, 'It works.');
      // What was told to end may still be on its way out.
      await until(async () => ((await processesWith(`${temp}/berth-demo-`)).length === 0 ? true : undefined));
    } finally {
      rmSync(temp, { recursive: true, force: true });
    }
  });
}

test.run();
