import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../../controller/api/clock.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createElection, type Election } from '../../../controller/store/cluster/lease.ts';
import { identityOf, readHolder } from '../../../controller/store/cluster/lease-record.ts';
import { microTime } from '../../../controller/store/cluster/micro-time.ts';
import { type FakeApiServer, refused, startApiServer } from '../../fakes/api-server.ts';
import { until } from '../../fakes/until.ts';

const test = suite('leader election');
const PATH = '/apis/coordination.k8s.io/v1/namespaces/ns/leases/berth-controller';
const timing = { leaseMs: 900, renewMs: 600, retryMs: 50 };

const candidate = (server: FakeApiServer, identity: string, clock: Clock = systemClock): Election =>
  createElection({ api: server.api, clock, random: () => 0, identity, namespace: 'ns', timing });

const inWorld = (body: (server: FakeApiServer, signal: AbortSignal) => Promise<void>) => async (): Promise<void> => {
  const server = await startApiServer();
  const stop = new AbortController();
  try {
    await body(server, stop.signal);
  } finally {
    stop.abort();
    await server.close();
  }
};

const specOf = (server: FakeApiServer) => server.objects.get(PATH)?.spec as Record<string, unknown>;
const isWrite = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method !== 'GET' && path.includes('/leases');

test(
  'one leads, and times have six fractional digits',
  inWorld(async (server, signal) => {
    const one = candidate(server, 'one');
    assert.not.ok(one.mayAct());
    assert.ok(await one.lead(signal));
    assert.ok(one.isLeader && one.mayAct());
    const { holderIdentity, renewTime, leaseTransitions } = specOf(server);
    assert.equal([holderIdentity, leaseTransitions], ['one', 0]);
    assert.match(String(renewTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const first = renewTime;
    await until(() => specOf(server).renewTime !== first);
    await one.release();
    assert.not.ok(one.mayAct());
  }),
);

test(
  'the others hear from the lease what the leader says of itself, as long as it leads',
  inWorld(async (server, signal) => {
    let place = 'here';
    const annotations = () => ({ place });
    const one = createElection({
      api: server.api,
      clock: systemClock,
      random: () => 0,
      identity: 'one',
      namespace: 'ns',
      timing,
      annotations,
    });
    const two = candidate(server, 'two');
    assert.is(await two.leader(), undefined, 'there is no lease');
    await one.lead(signal);
    assert.equal(await two.leader(), { place: 'here' });
    place = 'there';
    await until(async () => (await two.leader())?.place === 'there', 'the next renewal');
    await one.release();
    assert.is(await two.leader(), undefined);
    await two.lead(signal);
    assert.equal(await one.leader(), {}, 'what the one before said is gone');
    await two.release();
  }),
);

test(
  'the next one leads at once after a release, and only after the lease has run out otherwise',
  inWorld(async (server, signal) => {
    const one = candidate(server, 'one');
    const two = candidate(server, 'two');
    await one.lead(signal);
    const second = two.lead(signal);
    await one.release();
    assert.is(specOf(server).holderIdentity, '');
    assert.ok(await second);
    assert.equal([specOf(server).holderIdentity, specOf(server).leaseTransitions], ['two', 1]);

    const three = candidate(server, 'three');
    server.fault = (asked) => (isWrite(asked) && JSON.stringify(asked.body).includes('"two"') ? 'drop' : undefined);
    const began = performance.now();
    assert.ok(await three.lead(signal));
    assert.ok(performance.now() - began >= timing.leaseMs - timing.retryMs, 'not before the lease has run out by its own clock');
    await two.lost.catch((error) => assert.match(String(error), /lease ns\/berth-controller was lost/));
    assert.not.ok(two.mayAct() || two.isLeader);
    await three.release();
    await two.release();
    assert.is(specOf(server).holderIdentity, '');
  }),
);

test(
  'a leader that cannot renew may not act well before anybody else leads',
  inWorld(async (server, signal) => {
    const one = candidate(server, 'one');
    await one.lead(signal);
    server.fault = (asked) => (asked.path.includes('/leases') ? 'hang' : undefined);
    const began = performance.now();
    await until(() => !one.mayAct());
    const took = performance.now() - began;
    assert.ok(took < timing.leaseMs - 100, `stopped after ${took} ms`);
    await one.lost.then(
      () => assert.unreachable(),
      (error) => assert.match(String(error), /not renewed for 0.6 s/),
    );
    await one.release();
  }),
);

test(
  'a machine that slept may not act before it renewed, though its monotonic clock stood still',
  inWorld(async (server, signal) => {
    let slept = 0;
    const one = candidate(server, 'one', { ...systemClock, now: () => Date.now() + slept });
    await one.lead(signal);
    slept = 3_600_000;
    assert.not.ok(one.mayAct());
    await until(() => one.mayAct());
    await one.release();
  }),
);

test(
  'a clock that is an hour off takes nothing from a leader that renews',
  inWorld(async (server, signal) => {
    const one = candidate(server, 'one');
    await one.lead(signal);
    const ahead = candidate(server, 'ahead', { ...systemClock, now: () => Date.now() + 3_600_000 });
    const stop = new AbortController();
    const waiting = ahead.lead(stop.signal);
    const { resourceVersion } = server.objects.get(PATH)?.metadata ?? { resourceVersion: '0' };
    await until(() => Number(server.objects.get(PATH)?.metadata.resourceVersion) > Number(resourceVersion) + 20);
    assert.ok(one.mayAct());
    stop.abort();
    assert.not.ok(await waiting);
    await one.release();
  }),
);

test(
  'whoever is overtaken between look and write looks again',
  inWorld(async (server, signal) => {
    const one = candidate(server, 'one');
    await one.lead(signal);
    let conflicts = 0;
    server.fault = (asked) => (isWrite(asked) && conflicts++ === 0 ? refused(409, 'Conflict') : undefined);
    await until(() => conflicts > 2);
    assert.ok(one.mayAct());
    server.fault = () => undefined;
    await one.release();
    server.vanish(PATH);
    let creations = 0;
    server.fault = ({ method }) => (method === 'POST' && creations++ === 0 ? refused(409, 'AlreadyExists') : undefined);
    const two = candidate(server, 'two');
    assert.ok(await two.lead(signal));
    await two.release();
  }),
);

test(
  'people are told who leads',
  inWorld(async (server, signal) => {
    const holder = () => readHolder(server.api, 'ns', Date.now());
    assert.is(await holder(), undefined);
    const one = candidate(server, identityOf({ host: 'pod-1', pid: 7, unique: 'u-v' }));
    await one.lead(signal);
    const { acquireTime } = specOf(server);
    assert.equal(await holder(), { host: 'pod-1', pid: 7, startTime: `${String(acquireTime).slice(0, 19)}Z`, command: 'berth controller' });
    assert.is(await readHolder(server.api, 'ns', Date.now() + 120_000), undefined);
    await one.release();
    assert.is(await holder(), undefined);
    server.fault = () => refused(403, 'Forbidden');
    assert.is(await holder(), undefined);
    server.fault = () => refused(500, 'InternalError');
    await holder().then(
      () => assert.unreachable(),
      (error) => assert.match(String(error), /cannot read the lease/),
    );
  }),
);

const lease = (spec: object | undefined, resourceVersion?: string) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'berth-controller', namespace: 'ns', ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  ...(spec === undefined ? {} : { spec }),
});
const COLLECTION = PATH.slice(0, PATH.lastIndexOf('/'));

test(
  'a lease that says nothing is free, and nobody is told to hold it',
  inWorld(async (server, signal) => {
    await server.api.send({ doing: 'make it', method: 'POST', path: COLLECTION, body: lease(undefined) });
    assert.is(await readHolder(server.api, 'ns', Date.now()), undefined);
    const one = candidate(server, 'one');
    assert.ok(await one.lead(signal));
    const { holderIdentity, leaseTransitions, acquireTime } = specOf(server);
    assert.equal([holderIdentity, leaseTransitions], ['one', 1]);
    assert.ok(acquireTime);
    await one.release();
  }),
);

test(
  'a holder that never said when it began or renewed counts as gone',
  inWorld(async (server) => {
    const holderIdentity = 'pod_7_u';
    server.fault = () => ({ status: 200, body: lease({ holderIdentity }, '1') });
    assert.is(await readHolder(server.api, 'ns', Date.now()), undefined);
  }),
);

test(
  'whoever finds the lease in other hands may not act, and says whose',
  inWorld(async (server, signal) => {
    const one = candidate(server, 'one');
    await one.lead(signal);
    const body = lease({ holderIdentity: 'other', leaseDurationSeconds: 15 });
    server.vanish(PATH);
    await server.api.send({ doing: 'overtake', method: 'POST', path: COLLECTION, body });
    await one.lost.then(
      () => assert.unreachable(),
      (error) => assert.match(String(error), /was lost \(other holds it\)/),
    );
    assert.not.ok(one.mayAct() || one.isLeader);
    await one.release();
    assert.is(specOf(server).holderIdentity, 'other');
  }),
);

test(
  'a standby tells what keeps it from the lease, and goes on trying',
  inWorld(async (server, signal) => {
    const problems: string[] = [];
    const options = { api: server.api, clock: systemClock, random: () => 0, identity: 'one', namespace: 'ns', timing };
    const one = createElection({ ...options, onProblem: (text) => problems.push(text) });
    let failures = 0;
    server.fault = () => (failures++ === 0 ? refused(500, 'InternalError') : undefined);
    assert.ok(await one.lead(signal));
    assert.is(problems.length, 1);
    assert.match(problems[0] ?? '', 'cannot take or renew the lease ns/berth-controller: cannot read lease');
    await one.release();
  }),
);

test('a micro time is cut to what Kubernetes takes', () => {
  assert.is(microTime(Date.parse('2026-01-02T03:04:05.678Z')), '2026-01-02T03:04:05.678000Z');
});

test.run();
