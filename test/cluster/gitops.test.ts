// What GitOps needs of us: every example, applied and reconciled, is still what was applied; and Flux (kstatus) and Argo CD
// (health.lua) say the same of every object at any time.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Condition } from '../../controller/api/condition.ts';
import type { Resource } from '../../controller/api/object.ts';
import { agreedStatus, argoHealth } from '../fakes/argo-health.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs } from '../fakes/kube/cluster.ts';
import { startController } from '../fakes/kube/controller.ts';
import { root } from '../fakes/kube/manifests.ts';
import { startKube } from '../fakes/kube/start.ts';
import { stopRunsBelow } from '../fakes/kube/stop-runs.ts';
import { until } from '../fakes/until.ts';

type Stored = Resource & {
  readonly spec: unknown;
  readonly status?: { readonly phase?: string; readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
};

const assets = kubeAssets('that reconciling changes nothing of what was applied', ['full', 'old', 'given']);
if (assets) {
  const test = suite('GitOps');
  const state = mkdtempSync(join(tmpdir(), 'berth-'));
  const kube = await startKube(assets);
  await installCRDs(kube);
  // Agents that this machine may have must not run.
  const env = { PATH: [join(root, 'test/fixtures/agents'), '/usr/bin', '/bin'].join(':') };
  const controller = startController({ kubeconfig: kube.kubeconfig, state, name: 'one', env });
  const files = readdirSync(join(root, 'manifests/examples')).map((file) => join(root, 'manifests/examples', file));
  const list = async (namespace: string): Promise<readonly Stored[]> => {
    const text = await kube.kubectl([
      'get',
      'sessions.berth.dev,vmpools.berth.dev',
      '-n',
      namespace,
      '-o',
      'json',
      '--show-managed-fields',
    ]);
    return (JSON.parse(text) as { readonly items: readonly Stored[] }).items;
  };
  const isReconciled = ({ metadata, status }: Stored): boolean =>
    status?.observedGeneration === metadata.generation && status?.conditions?.some(({ type }) => type === 'Ready') === true;
  const specs = (objects: readonly Stored[]): readonly string[] =>
    objects.map(({ kind, metadata, spec }) => `${kind} ${metadata.name} ${metadata.generation} ${JSON.stringify(spec)}`).sort();
  const defaultPool = {
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'VMPool',
    metadata: { name: 'default' },
    spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }, { name: 'xl' }], maxVMs: 3 },
  };

  /** Applies every example to a namespace of its own, and waits until each was reconciled, and those that end have ended. */
  const reconcileAll = async (namespace: string, ...how: readonly string[]): Promise<readonly string[]> => {
    await kube.kubectl(['create', 'namespace', namespace]);
    await kube.kubectl(['create', '-n', namespace, '-f', '-'], { input: JSON.stringify(defaultPool) });
    for (const file of files) await kube.kubectl(['apply', ...how, '-n', namespace, '-f', file]);
    const before = specs(await list(namespace));
    await until(async () => (await list(namespace)).every(isReconciled), 'all examples reconciled', 60_000);
    await kube.kubectl(['wait', '-n', namespace, '--for=condition=Finished', '--timeout=60s', 'session.berth.dev/hello']);
    return before;
  };

  test('every example, applied by kubectl and reconciled, has no diff, and applied again is unchanged', async () => {
    const before = await reconcileAll('by-client');
    for (const file of files) {
      const again = (await kube.kubectl(['apply', '-n', 'by-client', '-f', file])).trim();
      // Exits with 1, and so throws, where there is one.
      assert.is(await kube.kubectl(['diff', '-n', 'by-client', '-f', file]), '');
      console.log(`${file.slice(root.length)}: no diff; ${again.replaceAll('\n', ', ')}`);
      for (const line of again.split('\n')) assert.match(line, / unchanged$/);
    }
    assert.equal(specs(await list('by-client')), before);
  });

  test('so it is applied by the server, and no field of a spec is ever ours', async () => {
    const before = await reconcileAll('by-server', '--server-side');
    for (const file of files) {
      await kube.kubectl(['apply', '--server-side', '-n', 'by-server', '-f', file]);
      assert.is(await kube.kubectl(['diff', '--server-side', '-n', 'by-server', '-f', file]), '');
    }
    const after = await list('by-server');
    assert.equal(specs(after), before);
    for (const { kind, metadata } of after) {
      const { managedFields = [] } = metadata as {
        readonly managedFields?: readonly { readonly manager: string; readonly fieldsV1: object }[];
      };
      const ours = managedFields.filter(({ manager }) => manager.startsWith('berth'));
      assert.ok(ours.length > 0, `${kind} ${metadata.name} was written`);
      for (const { fieldsV1 } of ours) assert.not('f:spec' in fieldsV1);
    }
  });

  test('of every object on its way, kstatus and Argo CD say the same', async () => {
    const seen = new Map<string, string>();
    const look = async (namespace: string): Promise<readonly Stored[]> => {
      const text = await kube.kubectl(['get', 'sessions.berth.dev,vmpools.berth.dev,vms.berth.dev', '-n', namespace, '-o', 'json']);
      const { items } = JSON.parse(text) as { readonly items: readonly Stored[] };
      for (const object of items) {
        const phase = object.metadata.deletionTimestamp ? 'deleted' : (object.status?.phase ?? '-');
        const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
        seen.set(
          `${object.kind} ${phase} (Ready ${ready?.status ?? 'not told'})`,
          `${agreedStatus(object)} = ${argoHealth(object).status}`,
        );
      }
      return items;
    };
    await kube.kubectl(['create', 'namespace', 'watched']);
    const run = (name: string, script: string) => ({
      apiVersion: 'berth.dev/v1alpha1',
      kind: 'Session',
      metadata: { name },
      spec: { command: ['sh', '-c', script] },
    });
    const items = [defaultPool, run('ends', 'sleep 1'), run('fails', 'exit 1'), run('stays', 'sleep 600')];
    await kube.kubectl(['create', '-n', 'watched', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
    const phaseOf = async (name: string): Promise<string | undefined> =>
      (await look('watched')).find(({ metadata }) => metadata.name === name)?.status?.phase;
    await until(async () => (await phaseOf('ends')) === 'Completed' && (await phaseOf('fails')) === 'Failed', 'the ends', 60_000);
    await kube.kubectl(['patch', '-n', 'watched', 'session.berth.dev/stays', '--type=merge', '-p', '{"spec":{"shutdown":"Graceful"}}']);
    await kube.kubectl(['patch', '-n', 'watched', 'vmpool.berth.dev/default', '--type=merge', '-p', '{"spec":{"paused":true}}']);
    await until(async () => (await phaseOf('stays')) === 'Killed', 'the stop', 60_000);
    await kube.kubectl(['delete', '-n', 'watched', 'sessions.berth.dev,vmpools.berth.dev', '--all', '--wait=false']);
    await until(async () => (await look('watched')).length === 0, 'the deletion', 60_000);
    console.log(
      [...seen]
        .map(([what, said]) => `${what}: ${said}`)
        .sort()
        .join('\n'),
    );
    for (const phase of ['Pending', 'Running', 'Completed', 'Failed', 'Killed', 'deleted']) {
      assert.ok(
        [...seen.keys()].some((what) => what.startsWith(`Session ${phase}`) || what.startsWith(`VMPool ${phase}`)),
        phase,
      );
    }
  });

  test.after(async () => {
    assert.is(await controller.end('SIGTERM'), 0);
    await stopRunsBelow(state);
    await kube.close();
    rmSync(state, { recursive: true, force: true });
  });
  test.run();
}
