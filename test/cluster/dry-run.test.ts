// Every manifest that is shipped, in the eyes of an API server: installation, additions, chart, examples, GitOps.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs } from '../fakes/kube/cluster.ts';
import { FOREIGN_CRDS } from '../fakes/kube/foreign-crds.ts';
import { findHelm } from '../fakes/kube/helm.ts';
import {
  asServed,
  COMPONENTS,
  helmTemplate,
  idOf,
  installWith,
  type KubeObject,
  kustomize,
  objectsOf,
  root,
} from '../fakes/kube/manifests.ts';
import { startKube } from '../fakes/kube/start.ts';
import { skip } from '../runner/skip.ts';

const assets = kubeAssets('that a real API server takes every manifest that is shipped');
if (assets) {
  const test = suite('manifests on an API server');
  const kube = await startKube(assets);
  await installCRDs(kube);
  const send = (args: readonly string[], items: readonly object[]): Promise<string> =>
    kube.kubectl([...args, '-f', '-'], { input: items.map((item) => JSON.stringify(item)).join('\n') });
  await send(['create'], FOREIGN_CRDS);
  await send(['wait', '--for=condition=Established', '--timeout=30s'], FOREIGN_CRDS);
  const served = (await kube.kubectl(['api-versions'])).split('\n');
  /** As the README says; 1.20 panics where an APIService is applied so. */
  const serverSide = kube.variant === 'old' ? [] : ['--server-side'];
  if (kube.variant === 'crd') skip('built-in kinds among the manifests', 'the CRD server has none');

  const known = (objects: readonly KubeObject[]): readonly KubeObject[] =>
    objects.flatMap((object) => {
      // The CRDs are there already; those of an old server not quite as they are shipped.
      if (object.kind === 'CustomResourceDefinition' && kube.variant === 'old') return [];
      const found = asServed(object, served);
      assert.ok(found !== undefined || kube.variant === 'crd', `no ${object.apiVersion} here`);
      return found ? [found] : [];
    });
  /** Resolves with what would be done, a line an object. Unknown fields are refused. */
  const dryRun = async (objects: readonly KubeObject[], ...args: readonly string[]): Promise<readonly string[]> => {
    const items = known(objects);
    for (const namespace of new Set(items.map(({ metadata }) => metadata.namespace ?? 'default'))) await ensure(namespace);
    const lines = (await send(['apply', '--dry-run=server', '--validate=strict', ...args], items)).trim().split('\n');
    assert.is(lines.length, items.length);
    return lines;
  };
  const ensure = async (namespace: string): Promise<void> => {
    if (served.includes('v1') && kube.variant !== 'crd') await kube.kubectl(['create', 'namespace', namespace]).catch(() => undefined);
  };
  const files = (folder: string): readonly string[] =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => `${folder}/${file}`);

  test('the installation', async () => {
    console.log((await dryRun(objectsOf('manifests/install.yaml'), ...serverSide)).join('\n'));
  });

  test('the installation with each addition, and with all that go together', async () => {
    for (const components of [...COMPONENTS.map((name) => [name]), [...COMPONENTS], ['without-log-api']]) {
      const lines = await dryRun(installWith(...components), ...serverSide);
      console.log(`${components.join(' + ')}: ${lines.length} objects`);
    }
  });

  test('the Helm chart, plain and with everything', async () => {
    const helm = findHelm('the Helm chart on a real API server');
    if (helm === undefined) return;
    const everything = { monitoring: { enabled: true }, logApi: { certManager: true }, rbac: { secretNamespaces: ['default'] } };
    for (const values of [{}, everything]) console.log(`Helm: ${(await dryRun(helmTemplate(helm, values), ...serverSide)).length} objects`);
  });

  test('the examples', async () => {
    for (const file of files('manifests/examples')) {
      // An old server has no rules, and its kubectl no strictness: it is the other one's word that counts.
      const lines = await dryRun(objectsOf(file).map(inDefault));
      console.log(`${file}: ${lines.join(', ')}`);
    }
  });

  test('the examples for Flux and Argo CD', async () => {
    for (const file of [...files('manifests/gitops/flux'), ...files('manifests/gitops/argocd')]) {
      console.log(`${file}: ${(await dryRun(objectsOf(file))).join(', ')}`);
    }
    const [settings] = kustomize(`${root}manifests/gitops/argocd/health`);
    assert.is(settings && idOf(settings), 'ConfigMap argocd/argocd-cm');
    if (settings && known([settings]).length > 0) {
      await ensure('argocd');
      await kube.kubectl(['create', 'configmap', 'argocd-cm', '-n', 'argocd', '--from-literal=url=https://argocd.example.com']);
      await send(['apply', '--server-side'], [settings]);
      const data = await kube.kubectl(['get', 'configmap', 'argocd-cm', '-n', 'argocd', '-o', 'jsonpath={.data}']);
      assert.equal(Object.keys(JSON.parse(data) as object).sort(), [
        'resource.customizations.health.berth.dev_Session',
        'resource.customizations.health.berth.dev_VM',
        'resource.customizations.health.berth.dev_VMPool',
        'url',
      ]);
    }
  });

  test('what is misspelt is refused', async () => {
    const [example] = objectsOf('manifests/gitops/flux/sessions.yaml');
    const misspelt = { ...example, spec: { ...(example?.spec as object), inverval: '1m' } } as KubeObject;
    await dryRun([misspelt]).then(
      () => assert.unreachable(),
      (error: unknown) => assert.match(String(error), 'inverval'),
    );
  });

  const inDefault = (object: KubeObject): KubeObject => ({ ...object, metadata: { namespace: 'default', ...object.metadata } });

  test.after(() => kube.close());
  test.run();
}
