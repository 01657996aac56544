// The parts of the way to Azure that need no Azure: turns, failures, logins, the installation's secret, the sweep's rounds.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { keepInFolder } from '../../controller/keep-in-folder.ts';
import { AzureFailure, failureOfAnswer, failureOfError, isNotFound } from '../../controller/provider/azure/azure-failure.ts';
import { credentialOf, subscriptionOf } from '../../controller/provider/azure/credential.ts';
import { createGovernor, EVERYWHERE } from '../../controller/provider/azure/governor.ts';
import { openInstallation } from '../../controller/provider/azure/installation.ts';
import { createKnownMachines } from '../../controller/provider/azure/known-machines.ts';
import { sweepMachines } from '../../controller/sweep-machines.ts';
import { pool } from '../builders/pool.ts';
import { createFakeClock } from '../fakes/clock.ts';

const test = suite('azure: parts');
const signal = new AbortController().signal;
const failed = async (doing: Promise<unknown>): Promise<Error> =>
  doing.then(
    () => new Error('it did not fail'),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-parts-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

test('requests wait for their turn once what was saved up is used, and each kind has its own', async () => {
  const clock = createFakeClock();
  const governor = createGovernor(clock);
  for (let n = 0; n < 150; n++) await governor.admit('write', 'westus3', signal);
  let isDone = false;
  const next = governor.admit('write', 'westus3', signal).then(() => {
    isDone = true;
  });
  await governor.admit('delete', 'westus3', undefined);
  await clock.advance(100);
  assert.is(isDone, false);
  await clock.advance(30);
  await next;
  assert.is(isDone, true);
});

test('a request that waits for its turn stops with its signal', async () => {
  const governor = createGovernor(createFakeClock());
  for (let n = 0; n < 150; n++) await governor.admit('delete', 'westus3', signal);
  const stop = new AbortController();
  const waiting = failed(governor.admit('delete', 'westus3', stop.signal));
  stop.abort(new Error('stopped'));
  assert.is((await waiting).message, 'stopped');
});

test('nothing goes to a region that throttles, nor anywhere where the subscription is throttled', async () => {
  const clock = createFakeClock();
  const governor = createGovernor(clock);
  governor.hold('westus3', 5_000);
  governor.hold('westus3', 1_000);
  const error = await failed(governor.admit('read', 'westus3', signal));
  assert.ok(error instanceof OperatorError && error.code === 'unavailable' && error.retryAfterMs === 5_000);
  await governor.admit('read', 'eastus', signal);
  governor.hold(EVERYWHERE, 10_000);
  assert.match((await failed(governor.admit('read', 'eastus', signal))).message, 'Azure throttles requests to region eastus');
  assert.match(
    (await failed(governor.admit('read', EVERYWHERE, signal))).message,
    'Azure throttles requests: none is sent for another 10 s',
  );
  await clock.advance(10_000);
  await governor.admit('read', 'westus3', signal);
});

test('what begins while a request waits for its turn holds it too', async () => {
  const clock = createFakeClock();
  const governor = createGovernor(clock);
  for (let n = 0; n < 150; n++) await governor.admit('write', 'westus3', signal);
  const waiting = failed(governor.admit('write', 'westus3', signal));
  governor.hold('westus3', 60_000);
  await clock.advance(1_000);
  assert.match((await waiting).message, 'throttles');
});

const answer = (status: number, body: string | null, headers: Record<string, string> = {}) => ({
  status,
  bodyAsText: body,
  headers: { get: (name: string) => headers[name] },
});

test('keeps all that Azure said, with the wrapper and without it', () => {
  const error = { code: 'OperationNotAllowed', message: 'no cores', target: 'vmSize', details: [{ code: 'QuotaExceeded' }, 'odd'] };
  for (const body of [{ error }, error]) {
    const { refusal, requestID } = failureOfAnswer(answer(409, JSON.stringify(body), { 'x-ms-request-id': 'id-1', 'retry-after': '17' }));
    assert.equal(refusal, {
      phase: 'sync',
      httpStatus: 409,
      message: 'no cores',
      code: 'OperationNotAllowed',
      target: 'vmSize',
      details: [{ code: 'QuotaExceeded' }],
      retryAfterMs: 17_000,
    });
    assert.is(requestID, 'id-1');
  }
});

test('an answer that says nothing is told by its status', () => {
  for (const body of [null, '', 'not JSON', '"text"', '{"error":{"code":1}}']) {
    assert.equal(failureOfAnswer(answer(502, body)).refusal, {
      phase: 'sync',
      httpStatus: 502,
      message: 'Azure answered with HTTP status 502',
    });
  }
  assert.is(isNotFound(failureOfAnswer(answer(404, null))), true);
  assert.is(isNotFound(new Error('other')), false);
});

test('a Retry-After may be a date, and one that is neither says nothing', () => {
  const dated =
    failureOfAnswer(answer(429, null, { 'retry-after': new Date(Date.now() + 30_000).toUTCString() })).refusal.retryAfterMs ?? 0;
  assert.ok(dated > 25_000 && dated <= 30_000);
  assert.is(failureOfAnswer(answer(429, null, { 'retry-after': 'soon' })).refusal.retryAfterMs, undefined);
});

test('where no answer came it is told why, and of several logins those that were set up', () => {
  const lost = failureOfError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  assert.ok(lost instanceof AzureFailure && lost.refusal.code === 'ECONNRESET');
  const unset = Object.assign(new Error('no CLI'), { name: 'CredentialUnavailableError' });
  const refused = new Error('AADSTS7000222: expired');
  const chain = failureOfError(Object.assign(new Error('all failed'), { name: 'AggregateAuthenticationError', errors: [unset, refused] }));
  assert.ok(chain instanceof AzureFailure && chain.refusal.message === 'AADSTS7000222: expired');
  const ours = new OperatorError('denied', 'ours');
  for (const error of [ours, lost, 'text']) assert.is(failureOfError(error), error);
});

test('logs in as set up, and with nothing else', () => {
  const made: string[] = [];
  const credential = (name: string) =>
    class {
      constructor(options?: object) {
        made.push(`${name} ${JSON.stringify(options ?? {})}`);
      }
    };
  const sdk = {
    WorkloadIdentityCredential: credential('workload'),
    EnvironmentCredential: credential('environment'),
    ManagedIdentityCredential: credential('managed'),
    AzureCliCredential: credential('cli'),
  } as never;
  for (const environment of [
    { AZURE_FEDERATED_TOKEN_FILE: '/token', AZURE_CLIENT_SECRET: 'x' },
    { AZURE_CLIENT_SECRET: 'x' },
    { AZURE_CLIENT_CERTIFICATE_PATH: '/cert' },
    { IDENTITY_ENDPOINT: 'http://here', AZURE_CLIENT_ID: 'me' },
    { MSI_ENDPOINT: 'http://here' },
    {},
  ]) {
    credentialOf('auto', { environment }, sdk);
  }
  assert.equal(made, ['workload {}', 'environment {}', 'environment {}', 'managed {"clientId":"me"}', 'managed {}', 'cli {}']);
  credentialOf('workload', { environment: {}, authority: 'https://here', tlsOptions: { ca: 'pem' } }, sdk);
  assert.is(made.at(-1), 'workload {"authorityHost":"https://here","disableInstanceDiscovery":true,"tlsOptions":{"ca":"pem"}}');
});

test("the subscription is the environment's, or that of the Azure CLI's login", async () =>
  inFolder(async (folder) => {
    assert.is(await subscriptionOf({ environment: { AZURE_SUBSCRIPTION_ID: 'told' } }), 'told');
    const path = process.env.PATH;
    const az = join(folder, 'az');
    try {
      process.env.PATH = folder;
      assert.match((await failed(subscriptionOf({ environment: {} }))).message, 'the Azure CLI is not installed');
      writeFileSync(az, '#!/bin/sh\necho from-the-login\n');
      await chmod(az, 0o755);
      process.env.PATH = [folder, path].join(delimiter);
      assert.is(await subscriptionOf({ environment: {} }), 'from-the-login');
      writeFileSync(az, '#!/bin/sh\necho "Please run az login" >&2; exit 1\n');
      assert.match((await failed(subscriptionOf({ environment: {} }))).message, /Please run az login|Command failed/);
    } finally {
      process.env.PATH = path;
    }
  }));

test("the installation's secret is made once, is its owner's alone, and makes its id", async () =>
  inFolder(async (folder) => {
    const state = join(folder, 'state');
    const [first, second] = await Promise.all([openInstallation(keepInFolder(state))(), openInstallation(keepInFolder(state))()]);
    assert.equal([first?.id, first?.secret], [second?.id, second?.secret]);
    assert.is(first?.secret.length, 32);
    assert.is(statSync(join(state, 'installation')).mode & 0o777, 0o600);
    assert.not.match(first?.id ?? '', readFileSync(join(state, 'installation'), 'utf8').trim().slice(0, 8));
    assert.is((await openInstallation(keepInFolder(state))()).id, first?.id);
    writeFileSync(join(state, 'installation'), 'damaged');
    assert.match((await failed(openInstallation(keepInFolder(state))())).message, 'is damaged');
  }));

test('a secret that can not be kept is asked for again', async () => {
  let times = 0;
  const installation = openInstallation(async (make) => {
    times += 1;
    if (times === 1) throw new Error('disk full');
    return make();
  });
  assert.match((await failed(installation())).message, 'disk full');
  assert.is((await installation()).id, (await installation()).id);
});

test('a machine is gone only when it is not found by its name either; one that was to go needs no second look', async () => {
  const clock = createFakeClock();
  const known = createKnownMachines(clock);
  const vm = (name: string) => ({ name, id: `/${name}`, location: 'westus3', tags: { 'vm-uid': name } });
  const list = (...names: string[]) => [names.map(vm), { at: clock.monotonic(), vms: new Map() }] as const;
  const looked: string[] = [];
  const find = (there: readonly string[]) => async (name: string) => {
    looked.push(name);
    return there.includes(name) ? vm(name) : undefined;
  };
  known.note('a', vm('a'));
  known.note('b', vm('b'));
  await clock.advance(10);
  assert.equal([...(await known.merge(...list('b'), find(['a']))).keys()], ['a', 'b']);
  known.ending('b');
  assert.is(known.isEnding('b'), true);
  await clock.advance(10);
  assert.equal([...(await known.merge(...list(), find([]))).keys()], []);
  assert.equal(looked, ['a', 'a']);
  known.note('c', vm('c'));
  known.ending('c');
  await clock.advance(300_000);
  assert.is(known.isEnding('c'), false);
});

test('every pool is swept in its turn, also one that is deleted, but for those that keep their machines; a failure stops nothing', async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  const swept: string[] = [];
  const problems: string[] = [];
  let mayAct = true;
  const pools = [
    pool({ meta: { name: 'bad', uid: '1' } }),
    pool({ meta: { name: 'good', uid: '2' } }),
    pool({ meta: { name: 'going', uid: '3', deletionTimestamp: 'x' } }),
    pool({ meta: { name: 'abandoned', uid: '5', deletionTimestamp: 'x', annotations: { 'berth.dev/abandon': 'true' } } }),
  ];
  const retained = pool({ meta: { name: 'retained', uid: '4' } });
  const all = [...pools, { ...retained, spec: { ...retained.spec, deletionPolicy: 'Retain' as const } }];
  sweepMachines(
    {
      clock,
      random: () => 0.5,
      informers: { VMPool: { synced: true, list: () => all } } as never,
      store: { list: async () => [{ metadata: { uid: 'vm-1' } }] } as never,
      providers: {
        of: ({ metadata: { name } }) =>
          ({
            sweep: async (_pool: unknown, vmUIDs: () => Promise<ReadonlySet<string>>) => {
              swept.push(`${name} ${[...(await vmUIDs())].join()}`);
              if (name === 'bad') throw new Error('throttled');
            },
          }) as never,
      },
      everyMs: 1_000,
      mayAct: () => mayAct,
      onError: ({ name }, message) => problems.push(`${name}: ${message}`),
    },
    stop.signal,
  );
  await clock.advance(1_000);
  assert.equal([swept, problems], [['bad vm-1', 'good vm-1', 'going vm-1'], ['bad: throttled']]);
  mayAct = false;
  await clock.advance(1_000);
  assert.is(swept.length, 3);
  stop.abort();
  mayAct = true;
  await clock.advance(5_000);
  assert.is(swept.length, 3);
});

test.run();
