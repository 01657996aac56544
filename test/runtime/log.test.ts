import { execFile } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { createLogger, type LogLevel } from '../../controller/runtime/log.ts';
import { silentLog } from '../../controller/runtime/silent-log.ts';

const test = suite('log');

const open = (level?: LogLevel) => {
  const lines: string[] = [];
  const log = createLogger({ to: { write: (line) => void lines.push(line) }, ...(level === undefined ? {} : { level }) });
  return { log, read: () => lines.map((line) => JSON.parse(line)) };
};

test('writes a JSON object a line, with the level as a word and the fields of its parents', () => {
  const { log, read } = open();
  log.child({ controller: 'session' }).child({ name: 'a' }).info({ because: 'it fits' }, 'Placed session');
  log.debug({}, 'Not shown');
  const [line, ...more] = read();
  assert.equal(more, []);
  assert.equal(
    { ...line, time: typeof Date.parse(line.time), pid: typeof line.pid },
    {
      level: 'info',
      time: 'number',
      pid: 'number',
      controller: 'session',
      name: 'a',
      because: 'it fits',
      msg: 'Placed session',
    },
  );
});

test('says of an error thrown on purpose what it means and why, of a bug where it happened', () => {
  const { log, read } = open('debug');
  const cause = new Error('socket closed');
  log.error({ error: new OperatorError('unavailable', 'cannot list machines', { cause }) }, 'Failed to reconcile');
  log.error({ error: 'a string' }, 'Failed to reconcile');
  log.debug({}, 'Shown');
  const [known, text, debug] = read();
  assert.is(known.error.code, 'unavailable');
  assert.is(known.error.message, 'cannot list machines');
  assert.is(known.error.stack, undefined);
  assert.is(known.error.cause.message, 'socket closed');
  assert.match(known.error.cause.stack, /log\.test\.ts/);
  assert.is(text.error, 'a string');
  assert.is(debug.level, 'debug');
});

test('hides what has the name of a secret', () => {
  const { log, read } = open();
  log.warn({ token: 'abc', request: { headers: { authorization: 'abc' }, url: '/x' } }, 'Asked');
  const [line] = read();
  assert.is(line.token, '[redacted]');
  assert.equal(line.request, { headers: '[redacted]', url: '/x' });
});

test('goes to standard error, written before the process ends', async () => {
  const { url } = { url: new URL('../../controller/runtime/log.ts', import.meta.url).href };
  const script = `import { createLogger } from '${url}'; createLogger().info({}, 'Started'); process.exit(0);`;
  const stderr = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (_error, _stdout, err) => resolve(err));
  });
  assert.match(stderr, /"msg":"Started"/);
});

test('the silent log says nothing', () => {
  assert.is(silentLog.child({}).info({}, 'Nobody hears this'), undefined);
});

test.run();
