// What the API server itself makes of Berth's CRDs: the table of good and bad resources, printer columns, explain, scale.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SCHEMAS } from '../../controller/store/crds.generated.ts';
import { CASES } from '../crds/cases.ts';
import { type Recorded, recordAt } from '../crds/record.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs } from '../fakes/kube/cluster.ts';
import { startKube } from '../fakes/kube/start.ts';

const assets = kubeAssets('the CRDs on a real API server');
if (assets) {
  const test = suite('CRDs on an API server');
  const kube = await startKube(assets);
  await installCRDs(kube);
  const columns = async (kind: string): Promise<readonly string[]> => {
    const [line = ''] = (await kube.kubectl(['get', `${kind}.berth.dev`, '-o', 'wide'])).split('\n');
    return line.trim().split(/ {2,}/);
  };
  const create = (resource: object) =>
    kube.kubectl(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'berth.dev/v1alpha1', ...resource }) });

  if (kube.variant !== 'old') {
    test('answers the table of cases as recorded, in the same words as the directory store', async () => {
      const fixture = JSON.parse(readFileSync(new URL('../fixtures/api-server.json', import.meta.url), 'utf8')) as readonly Recorded[];
      const proxy = spawn('kubectl', ['--kubeconfig', kube.kubeconfig, 'proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const [line] = (await once(proxy.stdout, 'data')) as [Buffer];
      const base = `http://${line.toString().trim().split(' ').at(-1)}/apis/berth.dev/v1alpha1/namespaces/default`;
      const answers: Recorded[] = [];
      for (const one of CASES) answers.push(await recordAt(base, one));
      proxy.kill();
      assert.is(answers.length, fixture.length);
      for (const [index, answer] of answers.entries()) assert.equal(sorted(answer), sorted(fixture[index]), answer.name);
      console.log(`${answers.length} cases compared`);
    });

    test('selects by the fields that are declared, and by no others', async () => {
      const status = async (kind: string, name: string, fields: object): Promise<unknown> =>
        kube.kubectl([
          'patch',
          `${kind}.berth.dev`,
          name,
          '--subresource=status',
          '--type=merge',
          '-p',
          JSON.stringify({ status: fields }),
        ]);
      const host = { name: 'h', address: 'h.example.org', user: 'u', hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJlcnRo' };
      const providers = {
        one: { provider: { type: 'Local' }, sizes: [{ name: 'l' }] },
        two: { provider: { type: 'SSH', ssh: { credentials: { secretRef: { name: 's' } }, hosts: [host] } }, sizes: [{ name: 'l' }] },
      };
      for (const name of ['one', 'two'] as const) {
        await create({ kind: 'Session', metadata: { name }, spec: { prompt: 'p', poolRef: { name: `of-${name}` } } });
        await status('sessions', name, { phase: name === 'one' ? 'Running' : 'Pending', vm: { name: `vm-${name}`, uid: 'u' } });
        await create({ kind: 'VM', metadata: { name }, spec: { poolRef: { name: `of-${name}` }, size: 'l', slots: 4 } });
        await create({ kind: 'VMPool', metadata: { name }, spec: providers[name] });
        await status('vms', name, { phase: name === 'one' ? 'Ready' : 'Booting' });
      }
      for (const [kind, selector] of [
        ['sessions', 'spec.poolRef.name=of-one'],
        ['sessions', 'status.phase=Running'],
        ['sessions', 'status.vm.name=vm-one'],
        ['vms', 'spec.poolRef.name=of-one'],
        ['vms', 'status.phase=Ready'],
        ['vmpools', 'spec.provider.type=Local'],
      ] as const) {
        const found = await kube.kubectl(['get', `${kind}.berth.dev`, '--field-selector', selector, '-o', 'name']);
        console.log(`kubectl get ${kind} --field-selector ${selector}: ${found.trim()}`);
        assert.is(found, `${kind.slice(0, -1)}.berth.dev/one\n`);
      }
      const other = kube.kubectl(['get', 'sessions.berth.dev', '--field-selector', 'spec.size=l']);
      await other.then(
        () => assert.unreachable(),
        (error: unknown) => assert.match(String(error), 'field label not supported: spec.size'),
      );
      await kube.kubectl(['delete', 'sessions.berth.dev,vms.berth.dev,vmpools.berth.dev', 'one', 'two']);
    });
  }

  test('prints the columns that people look for', async () => {
    await create({ kind: 'Session', metadata: { name: 's' }, spec: { prompt: 'p' } });
    await create({ kind: 'VMPool', metadata: { name: 'p' }, spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }] } });
    await create({ kind: 'VM', metadata: { name: 'v' }, spec: { poolRef: { name: 'p' }, size: 'l', slots: 4 } });
    for (const [kind, expected] of [
      ['sessions', ['NAME', 'VM', 'STATUS', 'AGE', 'PROMPT']],
      ['vmpools', ['NAME', 'PROVIDER', 'VMS', 'READY']],
      ['vms', ['NAME', 'POOL', 'SIZE', 'STATUS']],
    ] as const) {
      const found = await columns(kind);
      console.log(found.join('  '));
      assert.equal(found.slice(0, expected.length), expected);
    }
  });

  test('scales a pool by minVMs', async () => {
    await kube.kubectl(['scale', 'vmpools.berth.dev/p', '--replicas=3']);
    assert.is(await kube.kubectl(['get', 'vmpools.berth.dev', 'p', '-o', 'jsonpath={.spec.minVMs}']), '3');
    const status = { vms: 2, selector: 'berth.dev/pool=p' };
    await kube.kubectl(['patch', 'vmpools.berth.dev', 'p', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);
    const scale = JSON.parse(await kube.kubectl(['get', '--raw', '/apis/berth.dev/v1alpha1/namespaces/default/vmpools/p/scale'])) as object;
    assert.equal(
      { ...scale, metadata: undefined },
      {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: undefined,
        spec: { replicas: 3 },
        status: { replicas: 2, selector: 'berth.dev/pool=p' },
      },
    );
  });

  test('keeps every kind that has a schema', async () => {
    const kinds = await kube.kubectl(['get', '--raw', '/apis/berth.dev/v1alpha1']);
    for (const kind of Object.keys(SCHEMAS)) assert.ok(kinds.includes(`"kind":"${kind}"`));
  });

  /** The server tells several causes in the order of a Go map. */
  const sorted = ({ causes, ...rest }: Partial<Recorded> = {}) => ({
    ...rest,
    causes: causes?.map((cause) => JSON.stringify(cause)).sort(),
  });

  test.after(async () => {
    await kube.close();
  });
  test.run();
}
