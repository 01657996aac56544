// Stand-ins for the CRDs of others that our manifests have objects of: just the fields we use, of the types they have there, and
// no others, so that a server refuses what would be misspelt. (Prometheus operator, cert-manager, Flux, Argo CD.)

type Shape = 'string' | 'integer' | 'boolean' | 'map' | readonly [Shape] | { readonly [field: string]: Shape };

const secretless = { name: 'string' } as const;
const sourceRef = { kind: 'string', name: 'string' } as const;
const target = { kind: 'string' } as const;

const KINDS: readonly (readonly [group: string, version: string, kind: string, spec: Shape])[] = [
  [
    'monitoring.coreos.com',
    'v1',
    'ServiceMonitor',
    { selector: { matchLabels: 'map' }, endpoints: [{ port: 'string', path: 'string', interval: 'string' }] },
  ],
  [
    'monitoring.coreos.com',
    'v1',
    'PrometheusRule',
    { groups: [{ name: 'string', rules: [{ alert: 'string', expr: 'string', for: 'string', labels: 'map', annotations: 'map' }] }] },
  ],
  ['cert-manager.io', 'v1', 'Issuer', { selfSigned: {} }],
  [
    'cert-manager.io',
    'v1',
    'Certificate',
    {
      secretName: 'string',
      dnsNames: ['string'],
      duration: 'string',
      privateKey: { algorithm: 'string', size: 'integer', rotationPolicy: 'string' },
      issuerRef: sourceRef,
    },
  ],
  ['source.toolkit.fluxcd.io', 'v1', 'GitRepository', { interval: 'string', url: 'string', ref: { tag: 'string', branch: 'string' } }],
  [
    'kustomize.toolkit.fluxcd.io',
    'v1',
    'Kustomization',
    {
      dependsOn: [secretless],
      interval: 'string',
      timeout: 'string',
      sourceRef,
      path: 'string',
      targetNamespace: 'string',
      prune: 'boolean',
      wait: 'boolean',
      images: [{ name: 'string', newName: 'string', newTag: 'string' }],
      patches: [{ target, patch: 'string' }],
    },
  ],
  [
    'helm.toolkit.fluxcd.io',
    'v2',
    'HelmRelease',
    {
      interval: 'string',
      releaseName: 'string',
      targetNamespace: 'string',
      install: { createNamespace: 'boolean' },
      chart: { spec: { chart: 'string', sourceRef } },
      values: { image: { repository: 'string' } },
    },
  ],
  [
    'argoproj.io',
    'v1alpha1',
    'Application',
    {
      project: 'string',
      source: {
        repoURL: 'string',
        targetRevision: 'string',
        path: 'string',
        kustomize: { images: ['string'], patches: [{ target, patch: 'string' }] },
      },
      destination: { server: 'string', namespace: 'string' },
      syncPolicy: { automated: { prune: 'boolean', selfHeal: 'boolean' }, syncOptions: ['string'] },
    },
  ],
];

const schemaOf = (shape: Shape): object => {
  if (shape === 'map') return { type: 'object', additionalProperties: { type: 'string' } };
  if (typeof shape === 'string') return { type: shape };
  if (Array.isArray(shape)) return { type: 'array', items: schemaOf(shape[0]) };
  return { type: 'object', properties: Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, schemaOf(field)])) };
};

const pluralOf = (kind: string): string => (kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`).toLowerCase();

export const FOREIGN_CRDS = KINDS.map(([group, version, kind, spec]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${pluralOf(kind)}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural: pluralOf(kind), singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec: schemaOf(spec) } } },
      },
    ],
  },
}));
