import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shimScript } from '../../cli/render/shim.ts';

const test = suite<{ folder: string; system: string }>('shim');
const execute = promisify(execFile);

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), "berth shim '"));
  context.system = (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => ['/bin', '/usr/bin'].includes(folder))
    .join(':');
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const script = async (folder: string, name: string, text: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
};

test('runs Berth for remote with every word as it was given, from folders with spaces and quotes', async ({ folder, system }) => {
  const entry = await script(folder, 'my entry.sh', 'printf "[%s]" "$BERTH_INVOKED_AS" "$@"\n');
  const shim = await script(join(folder, 'shims'), 'amplihack', shimScript('/bin/sh', entry));
  const { stdout } = await execute(shim, ['remote', 'start', 'a  b', '$HOME', "it's"], { env: { PATH: system } });
  assert.is(stdout, "[amplihack remote][remote][start][a  b][$HOME][it's]");
});

test('gives everything else to the next amplihack, passing over itself and other shims', async ({ folder, system }) => {
  const text = shimScript('/bin/false', '/nowhere');
  const shim = await script(join(folder, 'one'), 'amplihack', text);
  await script(join(folder, 'two'), 'amplihack', text);
  await script(join(folder, 'real one'), 'amplihack', '#!/bin/sh\nprintf "real[%s]" "$@"\nexit 7\n');
  const PATH = [join(folder, 'two'), join(folder, 'one'), join(folder, 'two'), join(folder, 'real one'), system].join(':');
  const failed = await execute(shim, ['claude', '--auto', 'a  b'], { env: { PATH } }).catch(
    (error: { code: number; stdout: string }) => error,
  );
  assert.is(failed.stdout, 'real[claude]real[--auto]real[a  b]');
  assert.is('code' in failed && failed.code, 7);
});

test('says so when there is no other amplihack', async ({ folder, system }) => {
  const shim = await script(join(folder, 'one'), 'amplihack', shimScript('/bin/false', '/nowhere'));
  const failed = await execute(shim, ['claude'], { env: { PATH: `${join(folder, 'one')}:${system}` } }).catch(
    (error: { code: number; stderr: string }) => error,
  );
  assert.is('code' in failed && failed.code, 127);
  assert.match(failed.stderr, 'Error: no other amplihack on PATH\nHint: ');
});

test.run();
