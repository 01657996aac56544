// Controllers that die, freeze, or have a wrong clock while work goes on: another takes over, and nothing is done twice.
// Counted at the cloud, which all of them share. On the old server leader.test.ts has the same with real machines; here as
// well with CLUSTER_OUTAGE_SECONDS.
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { openCloudWorld } from '../fakes/kube/cloud-world.ts';
import type { RunningController } from '../fakes/kube/controller.ts';
import { until } from '../fakes/until.ts';

const variants = process.env.CLUSTER_OUTAGE_SECONDS === undefined ? (['full', 'crd'] as const) : (['full', 'old', 'crd'] as const);
const assets = kubeAssets('no double effect when another controller takes over', variants);
if (assets) {
  const test = suite('takeovers');
  const world = await openCloudWorld(assets);
  const { cloud, kube } = world;
  const PATIENCE_MS = 90_000;
  const SESSIONS = 60;
  const standby = async (...args: Parameters<typeof world.start>): Promise<RunningController> => {
    const controller = world.start(...args);
    await until(() => controller.log().includes('Waiting for the lease'), 'a standby', PATIENCE_MS);
    return controller;
  };
  const untilLeading = (controller: RunningController): Promise<void> =>
    until(async () => (await world.leader()) === controller, 'the other to lead', PATIENCE_MS);
  const untilFinished = (prefix: string, count: number): Promise<void> =>
    until(async () => (await world.finished(prefix)) >= count, `${count} finished sessions`, PATIENCE_MS);
  const effectsOf = ({ pid }: RunningController) => cloud.calls.filter((call) => call.pid === pid);

  test('a leader killed in the middle of its work is followed within 20 s, and no program is started twice', async () => {
    const first = await standby('one');
    await untilLeading(first);
    const second = await standby('two');
    await world.createSessions('killed', SESSIONS);
    await untilFinished('killed', 5);
    const killed = performance.now();
    await world.end(first, 'SIGKILL');
    const before = cloud.started.length;
    await untilLeading(second);
    const tookMs = performance.now() - killed;
    await untilFinished('killed', SESSIONS);
    console.log(`took over after ${(tookMs / 1000).toFixed(1)} s, ${before} of ${SESSIONS} programs started by the one that was killed`);
    assert.ok(tookMs < 20_000, `${tookMs} ms`);
    assert.ok(before < SESSIONS && effectsOf(second).length > 0);
    await world.judge();
  });

  test('one frozen past its lease begins nothing when it goes on, and what it was in the middle of does no harm', async () => {
    const stale = (await world.leader()) as RunningController;
    const next = await standby('three');
    const held: (() => void)[] = [];
    cloud.hold = ({ pid, what }) =>
      pid === stale.pid && what === 'launch' && held.length < 4 ? new Promise((resolve) => held.push(resolve)) : undefined;
    await world.createSessions('frozen', SESSIONS);
    // Past its check, on its way to the machine, and now it hangs.
    await until(() => held.length === 4, 'launches under way', PATIENCE_MS);
    stale.process.kill('SIGSTOP');
    await untilLeading(next);
    await untilFinished('frozen', SESSIONS);
    const continuedAt = Date.now();
    for (const letGo of held) letGo();
    stale.process.kill('SIGCONT');
    await until(() => stale.process.exitCode !== null, 'the end of the stale leader', PATIENCE_MS);
    world.running.delete(stale);
    assert.is.not(stale.process.exitCode, 0);
    assert.match(stale.log(), /lease default\/berth-controller was lost/);
    const late = effectsOf(stale).filter(({ begunAt }) => begunAt >= continuedAt);
    console.log(
      `${effectsOf(stale).length} effects of the stale one, ${held.length} let through late, ${late.length} begun after it went on`,
    );
    assert.equal(late, []);
    await world.judge();
  });

  test('a controller whose clock is an hour off neither takes a lease that is held nor loses its own', async () => {
    const leader = (await world.leader()) as RunningController;
    const shift = fileURLToPath(new URL('../e2e/shifted-clock.ts', import.meta.url));
    const off = await standby('off', { execArgv: ['--import', shift] });
    off.process.kill('SIGUSR2');
    const lease = () => kube.kubectl(['get', 'leases.coordination.k8s.io', 'berth-controller', '-o', 'jsonpath={.spec.leaseTransitions}']);
    const before = await lease();
    await world.createSessions('off', 10);
    await untilFinished('off', 10);
    assert.is(await world.leader(), leader);
    await world.end(leader, 'SIGTERM');
    await untilLeading(off);
    const watching = await standby('right');
    await world.createSessions('behind', 10);
    await untilFinished('behind', 10);
    // Long enough for a lease to run out that were not renewed.
    const renewals = () => kube.kubectl(['get', 'leases.coordination.k8s.io', 'berth-controller', '-o', 'jsonpath={.spec.renewTime}']);
    const seen = new Set<string>();
    await until(async () => seen.add(await renewals()).size >= 8, 'renewals', PATIENCE_MS);
    assert.is(await world.leader(), off);
    assert.is(Number(await lease()), Number(before) + 1);
    assert.is(await world.end(watching, 'SIGTERM'), 0);
    await world.judge();
  });

  test.after(async () => {
    await world.close();
  });
  test.run();
}
