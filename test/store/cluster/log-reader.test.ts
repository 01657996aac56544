// Output of a cluster's session as commands read it: whole where the cluster serves it, else the tail of the status.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../../controller/api/types.generated.ts';
import { createLogReaders } from '../../../controller/store/cluster/log-reader.ts';
import { type Answer, type Asked, type FakeApiServer, refused, startApiServer } from '../../fakes/api-server.ts';
import { fastClock } from '../../fakes/fast-clock.ts';
import { until } from '../../fakes/until.ts';

const test = suite('log reader of a cluster');
const GROUP = '/apis/output.berth.dev/v1alpha1';
const SESSION = {
  metadata: { namespace: 'ns', name: 's', uid: 'u' },
  status: { output: { tail: 'the tail\n' } },
} as unknown as Session;
const TAIL = {
  get: async () => SESSION,
  watch: async function* () {
    yield { type: 'put', object: SESSION } as const;
  },
};

let server: FakeApiServer;
/** What there is to read; undefined where the API is not installed. */
let content: Buffer | undefined;
let answerLog: (asked: Asked) => Answer | 'drop' | undefined;
test.before.each(async () => {
  server = await startApiServer({ clock: fastClock(100) });
  content = Buffer.from('one\ntwo\nthree\n');
  answerLog = () => undefined;
  server.fault = (asked) => {
    if (!asked.path.startsWith(GROUP)) return undefined;
    if (content === undefined) return { status: 404, body: '404 page not found' };
    if (asked.path === GROUP) return { status: 200, body: {} };
    return answerLog(asked) ?? serve(content, asked.query);
  };
});
test.after.each(() => server.close());

const serve = (bytes: Buffer, query: URLSearchParams): Answer => {
  const from = Number(query.get('offset') ?? 0) + Number(query.get('skip') ?? 0);
  const limit = query.get('limit');
  const body = bytes.subarray(from, limit === null ? undefined : from + Number(limit)).toString('latin1');
  return { status: 200, headers: { 'berth-log-size': String(bytes.length) }, body };
};
const open = () => createLogReaders(server.api, fastClock(100)).of(SESSION, TAIL);
const collect = async (parts: AsyncIterable<Uint8Array>): Promise<string> => {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all).toString('latin1');
};
const failure = (running: Promise<unknown>): Promise<string> =>
  running.then(
    () => 'no failure',
    (error: Error) => error.message,
  );
const asked = (): readonly string[] => server.asked.map(({ path, query }) => `${path.slice(GROUP.length)}?${query}`);

test('where the API is not installed, the tail is read, with a notice, and the API is looked for once', async () => {
  content = undefined;
  const log = open();
  assert.is(log.notice, undefined, 'nothing is known before something is read');
  assert.is(await log.size(), 9);
  assert.match(log.notice ?? '', /^Only the end of the output/);
  assert.is(await collect(log.read(4)), 'tail\n');
  assert.is(await collect(log.follow(0, new AbortController().signal)), 'the tail\n');
  assert.equal(asked(), ['?']);
});

test('where it is, everything is read, from any offset', async () => {
  const log = open();
  assert.is(await log.size(), 14);
  assert.is(log.notice, undefined);
  assert.is(await collect(log.read(0)), 'one\ntwo\nthree\n');
  assert.is(await collect(log.read(4)), 'two\nthree\n');
  assert.equal(asked(), [
    '?',
    '/namespaces/ns/sessions/s/log?limit=0',
    '/namespaces/ns/sessions/s/log?offset=0',
    '/namespaces/ns/sessions/s/log?offset=4',
  ]);
});

test('a follower goes on where it was cut off, and sees no gap and no repeat', async () => {
  let calls = 0;
  answerLog = ({ query }) => {
    if (query.get('follow') !== 'true') return undefined;
    calls += 1;
    if (calls === 1) return { status: 200, headers: { 'content-length': '100', connection: 'close' }, body: 'e\ntw' };
    if (calls === 2) return 'drop';
    if (calls === 3) return refused(503, 'ServiceUnavailable');
    return undefined;
  };
  const stop = new AbortController();
  let heard = '';
  const following = (async () => {
    for await (const bytes of open().follow(2, stop.signal)) heard += Buffer.from(bytes).toString();
  })();
  await until(() => heard === 'e\ntwo\nthree\n');
  await until(() => calls > 6, 'more attempts');
  content = Buffer.from('one\ntwo\nthree\nfour\n');
  await until(() => heard === 'e\ntwo\nthree\nfour\n');
  stop.abort();
  await following;
  const [first = '', second = ''] = asked().filter((one) => one.includes('follow'));
  assert.match(first, 'log?offset=2&skip=0&follow=true');
  assert.match(second, 'log?offset=2&skip=4&follow=true');
});

const gone = () => refused(404, 'NotFound', { details: { group: 'output.berth.dev', kind: 'sessions', name: 's' } });

test('what is cut off while it is read is not taken for the end', async () => {
  answerLog = () => ({ status: 200, headers: { 'content-length': '100', connection: 'close' }, body: 'one\n' });
  assert.match(await failure(collect(open().read(0))), /^cannot read the output of session ns\/s: the connection was cut off: /);
});

test('a follower ends with a session that is gone, and at once when told', async () => {
  answerLog = gone;
  assert.is(await open().size(), 0);
  assert.is(await collect(open().follow(0, new AbortController().signal)), '');
  assert.is(await collect(open().follow(0, AbortSignal.abort())), '');
  answerLog = () => 'drop';
  const stop = new AbortController();
  const following = collect(open().follow(0, stop.signal));
  await until(() => asked().length > 3);
  stop.abort();
  assert.is(await following, '');
});

test('an API server that has just started and finds no API behind it is waited for', async () => {
  const log = open();
  assert.is(await log.size(), 14);
  let away = 3;
  answerLog = () => (away-- > 0 ? { status: 404, body: '404 page not found' } : undefined);
  assert.is(await log.size(), 14);
  away = 3;
  const stop = new AbortController();
  let heard = '';
  const following = (async () => {
    for await (const bytes of log.follow(0, stop.signal)) heard += Buffer.from(bytes).toString();
  })();
  await until(() => heard === 'one\ntwo\nthree\n');
  stop.abort();
  await following;
});

test('who may not read is told so, and shown no part of it', async () => {
  answerLog = () => refused(403, 'Forbidden');
  assert.match(await failure(open().size()), 'cannot read the output of session ns/s: Forbidden it is');
  assert.match(await failure(collect(open().read(0))), 'Forbidden it is');
  assert.match(await failure(collect(open().follow(0, new AbortController().signal))), 'Forbidden it is');
});

test('an API that stays away is given up in the end', async () => {
  const log = open();
  await log.size();
  answerLog = () => 'drop';
  assert.match(await failure(log.size()), 'cannot read the output of session ns/s: the API server');
});

test('a cluster that does not answer, or answers with something else, is not taken for one without the API', async () => {
  server.fault = () => refused(500, 'InternalError');
  assert.match(await failure(open().size()), 'cannot look for the API for whole logs: InternalError it is');
  server.fault = () => ({ status: 200, body: 'hello' });
  assert.match(await failure(open().size()), `cannot read the output of session ns/s: what ${GROUP} serves there is not Berth's`);
});

test.run();
