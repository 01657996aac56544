import { execFile } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crashOnUnhandled } from '../../controller/runtime/crash.ts';
import { createMemoryLog } from '../fakes/logger.ts';

const test = suite('crash');
const moduleOf = (name: string): string => new URL(`../../controller/runtime/${name}.ts`, import.meta.url).href;

const runWith = (trouble: string): Promise<{ code: unknown; stderr: string }> => {
  const script = `
    import { crashOnUnhandled } from '${moduleOf('crash')}';
    import { createLogger } from '${moduleOf('log')}';
    crashOnUnhandled(createLogger());
    setInterval(() => undefined, 1000);
    ${trouble}`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 }, (error, _stdout, stderr) => {
      resolve({ code: error?.code, stderr });
    });
  });
};

test('logs what nothing handled and ends the process with 1', async () => {
  for (const trouble of ["setImmediate(() => { throw new Error('boom'); });", "Promise.reject(new Error('boom'));"]) {
    const { code, stderr } = await runWith(trouble);
    assert.is(code, 1);
    const line = JSON.parse(stderr);
    assert.is(line.msg, 'Crashed on an error that nothing handled');
    assert.is(line.error.message, 'boom');
  }
});

test('takes its handlers off again', () => {
  const before = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection');
  const release = crashOnUnhandled(createMemoryLog());
  assert.is(process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection'), before + 2);
  release();
  assert.is(process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection'), before);
});

test.run();
