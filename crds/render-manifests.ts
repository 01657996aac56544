// One source for every way to install: manifests/install (kustomize) is written by hand, install.yaml and those templates of
// the Helm chart that need no thought are made from it.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { load } from 'js-yaml';

const INSTALL = 'manifests/install';
const TEMPLATES = 'manifests/chart/templates';
const NAMESPACE = 'berth-system';

/** Path (from the root of the project) → content. */
export const renderManifests = (): Readonly<Record<string, string>> => ({
  'manifests/install.yaml': `# Generated from ${INSTALL} by \`npm run generate\`. Do not edit.\n${documents(filesOf(INSTALL)).join('---\n')}`,
  [`${TEMPLATES}/crds.generated.yaml`]: template(
    filesOf('crds').map((file) => keep(documentOf(file))),
    '.Values.crds.install',
  ),
  [`${TEMPLATES}/rbac.generated.yaml`]: template(installed('rbac-controller.yaml', 'rbac-users.yaml')),
  [`${TEMPLATES}/service.generated.yaml`]: template(installed('service.yaml', 'disruption-budget.yaml')),
  [`${TEMPLATES}/network-policy.generated.yaml`]: template(installed('network-policy.yaml'), '.Values.networkPolicy.enabled'),
  [`${TEMPLATES}/log-api.generated.yaml`]: template(installed('log-api.yaml'), '.Values.logApi.enabled'),
  [`${TEMPLATES}/certificate.generated.yaml`]: template(
    installed('log-api-certificate.yaml'),
    'and .Values.logApi.enabled (not .Values.logApi.certManager)',
  ),
  [`${TEMPLATES}/cert-manager.generated.yaml`]: template(
    component('cert-manager'),
    'and .Values.logApi.enabled .Values.logApi.certManager',
  ),
  [`${TEMPLATES}/monitoring.generated.yaml`]: template(component('monitoring'), '.Values.monitoring.enabled'),
});

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

/** What a kustomization of plain resources lists, in its order. A name without an ending is a folder. */
const filesOf = (folder: string): readonly string[] => {
  const { resources } = load(read(`${folder}/${folder === 'crds' ? 'Kustomization' : 'kustomization.yaml'}`)) as {
    resources: readonly string[];
  };
  return resources.flatMap((resource) => {
    const path = posix.join(folder, resource);
    return resource.endsWith('.yaml') ? [path] : filesOf(path);
  });
};

/** Without the comments at its head, which speak to who reads the source. */
const documentOf = (file: string): string => read(file).replace(/^(#.*\n)+/, '');

const documents = (files: readonly string[]): readonly string[] => files.map(documentOf);

const installed = (...names: readonly string[]): readonly string[] => documents(names.map((name) => `${INSTALL}/${name}`));

const component = (name: string): readonly string[] => documents(filesOf(`${INSTALL}/components/${name}`));

/** Helm deletes what a release no longer has: with a CRD would go every object of its kind. */
const keep = (crd: string): string => crd.replace('\nmetadata:\n', '\nmetadata:\n  annotations:\n    helm.sh/resource-policy: keep\n');

/** What a component's patch does there: text → the same under a condition. */
const CONDITIONAL = [
  ['  - ports:\n    - port: log-api\n      protocol: TCP\n', (rule: string) => `  {{- if .Values.logApi.enabled }}\n${rule}  {{- end }}\n`],
  [
    '  name: v1alpha1.output.berth.dev\n',
    (name: string) =>
      `${name}  {{- if .Values.logApi.certManager }}\n  annotations:\n    cert-manager.io/inject-ca-from: ${NAMESPACE}/berth-log-api\n  {{- end }}\n`,
  ],
] as const;

const template = (texts: readonly string[], condition?: string): string => {
  const escaped = texts.join('---\n').replace(/\{\{.*?\}\}/g, (braces) => `{{ ${JSON.stringify(braces)} }}`);
  const body = CONDITIONAL.reduce((text, [from, under]) => text.replace(from, under(from)), escaped).replaceAll(
    NAMESPACE,
    '{{ .Release.Namespace }}',
  );
  const guarded = condition === undefined ? body : `{{- if ${condition} }}\n${body}{{- end }}\n`;
  return `{{- /* Generated from manifests/install and crds by \`npm run generate\`. Do not edit. */ -}}\n${guarded}`;
};
