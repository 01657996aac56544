// Every way to install gives the same objects: kustomize, one file, and the Helm chart, with and without what can be added.
import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findHelm } from '../fakes/kube/helm.ts';
import {
  byId,
  COMPONENTS,
  helmTemplate,
  installPatched,
  installWith,
  type KubeObject,
  kustomize,
  objectsOf,
  root,
} from '../fakes/kube/manifests.ts';
import { skip } from '../runner/skip.ts';

const test = suite('manifests: render');

interface Security {
  readonly runAsNonRoot?: boolean;
  readonly seccompProfile?: { readonly type: string };
}

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: Security;
        readonly containers: readonly { readonly securityContext: object }[];
        readonly volumes: readonly object[];
      };
    };
  };
}

interface Changes {
  readonly patches: readonly object[];
  readonly images: readonly unknown[];
}

const hasKubectl = (): boolean => {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Helm makes the namespace itself (`--create-namespace`), and keeps CRDs by an annotation. */
const withoutHelmsOwn = (objects: readonly KubeObject[]): Readonly<Record<string, unknown>> =>
  byId(
    objects
      .filter(({ kind }) => kind !== 'Namespace')
      .map(({ metadata: { annotations = {}, ...metadata }, ...object }) => {
        const { 'helm.sh/resource-policy': _, ...others } = annotations;
        return { ...object, metadata: { ...metadata, ...(Object.keys(others).length > 0 ? { annotations: others } : {}) } } as KubeObject;
      }),
  );

if (!hasKubectl()) skip('that kustomize, install.yaml and Helm give the same objects', 'no kubectl');
else {
  const base = kustomize(`${root}manifests/install`);

  test('one file has what kustomize gives', () => {
    assert.equal(byId(objectsOf('manifests/install.yaml')), byId(base));
    console.log(`${base.length} objects: ${Object.keys(byId(base)).join(', ')}`);
  });

  test('all that is added can be added together, and changes what it says', () => {
    const all = byId(installWith(...COMPONENTS));
    assert.equal(
      Object.keys(byId(base)).filter((id) => !(id in all)),
      [
        'ClusterRole berth-controller-certificate',
        'ClusterRoleBinding berth-controller-certificate',
        'ClusterRoleBinding berth-controller-secrets',
        'Role berth-system/berth-controller-certificate',
        'RoleBinding berth-system/berth-controller-certificate',
      ],
    );
    assert.equal(
      Object.keys(all).filter((id) => !(id in byId(base))),
      [
        'Certificate berth-system/berth-log-api',
        'Issuer berth-system/berth-self-signed',
        'PrometheusRule berth-system/berth',
        'ServiceMonitor berth-system/berth-controller',
      ],
    );
    const text = JSON.stringify(all);
    for (const said of ['"replicas":2', '"ReadWriteMany"', '"azure.workload.identity/use":"true"', 'azure.workload.identity/client-id'])
      assert.ok(text.includes(said), said);
  });

  test('every pod keeps to the restricted profile of pod security', () => {
    for (const objects of [base, installWith(...COMPONENTS)]) {
      const deployment = objects.find((object): object is Deployment => object.kind === 'Deployment');
      if (deployment === undefined) throw new Error('no Deployment');
      const { securityContext, containers, volumes, ...spec } = deployment.spec.template.spec;
      assert.equal([securityContext.runAsNonRoot, securityContext.seccompProfile?.type], [true, 'RuntimeDefault']);
      for (const { securityContext: own } of containers) {
        assert.equal(own, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      }
      const allowed = ['name', 'configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];
      for (const volume of volumes)
        assert.equal(
          Object.keys(volume).filter((key) => !allowed.includes(key)),
          [],
        );
      for (const host of ['hostNetwork', 'hostPID', 'hostIPC']) assert.not(host in spec);
    }
  });

  test('what the examples for Flux and Argo CD change of the installation can be changed so', () => {
    const specOf = (file: string, kind: string): unknown => objectsOf(file).find((object) => object.kind === kind)?.spec;
    const flux = specOf('manifests/gitops/flux/berth.yaml', 'Kustomization') as Changes;
    const argo = specOf('manifests/gitops/argocd/berth.yaml', 'Application') as { readonly source: { readonly kustomize: Changes } };
    for (const [patches, annotation] of [
      [flux.patches, 'kustomize.toolkit.fluxcd.io/prune'],
      [argo.source.kustomize.patches, 'argocd.argoproj.io/sync-options'],
    ] as const) {
      const objects = installPatched({ patches, images: flux.images });
      const kept = objects.filter(({ metadata }) => metadata.annotations?.[annotation] !== undefined);
      assert.equal([...new Set(kept.map(({ kind }) => kind))], ['CustomResourceDefinition']);
      assert.is(kept.length, 3);
      assert.match(JSON.stringify(objects), '"image":"images.example.com/berth:0.1.0"');
    }
  });

  test('without the log API nothing speaks of it', () => {
    const without = installWith('without-log-api').filter(({ kind }) => !kind.endsWith('Role') && kind !== 'CustomResourceDefinition');
    assert.not.match(JSON.stringify(without), /log-api|output\.berth/);
  });

  const helm = findHelm('that the Helm chart gives the same objects');
  if (helm !== undefined) {
    test('the chart gives the same objects as kustomize', () => {
      assert.equal(withoutHelmsOwn(helmTemplate(helm)), withoutHelmsOwn(base));
    });

    test('so it does with everything that can be added', () => {
      const identity = 'azure.workload.identity';
      const rendered = helmTemplate(helm, {
        monitoring: { enabled: true },
        replicas: 2,
        persistence: { accessMode: 'ReadWriteMany' },
        serviceAccount: { annotations: { [`${identity}/client-id`]: '00000000-0000-0000-0000-000000000000' } },
        podLabels: { [`${identity}/use`]: 'true' },
        logApi: { certManager: true },
        rbac: { secretNamespaces: ['team-a'] },
      });
      const { 'RoleBinding team-a/berth-controller-secrets': team, ...others } = withoutHelmsOwn(rendered);
      assert.ok(team);
      assert.equal(others, withoutHelmsOwn(installWith(...COMPONENTS)));
    });

    test('so it does without the log API', () => {
      assert.equal(withoutHelmsOwn(helmTemplate(helm, { logApi: { enabled: false } })), withoutHelmsOwn(installWith('without-log-api')));
    });

    test('the chart refuses two controllers on a volume for one', () => {
      assert.throws(() => helmTemplate(helm, { replicas: 2 }), /persistence.accessMode ReadWriteMany/);
    });

    test('the chart keeps CRDs when it goes, and passes its own linter', () => {
      const crds = helmTemplate(helm).filter(({ kind }) => kind === 'CustomResourceDefinition');
      assert.equal(
        crds.map(({ metadata }) => metadata.annotations),
        crds.map(() => ({ 'helm.sh/resource-policy': 'keep' })),
      );
      assert.is(crds.length, 3);
      execFileSync(helm, ['lint', '--strict', `${root}manifests/chart`], { stdio: 'ignore' });
    });
  }
}

test.run();
