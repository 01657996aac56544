// `kubectl explain` of every field of every kind says what it is.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SCHEMAS } from '../../controller/store/crds.generated.ts';
import type { Schema } from '../../controller/store/schema/node.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs } from '../fakes/kube/cluster.ts';
import { startKube } from '../fakes/kube/start.ts';

/** Every object within the schema: explained, it lists its fields. */
function* objects(schema: Schema, path: string): Generator<{ readonly path: string; readonly fields: readonly string[] }> {
  const item = schema.items ?? schema;
  if (item.properties === undefined) return;
  yield { path, fields: Object.keys(item.properties) };
  for (const [name, field] of Object.entries(item.properties)) yield* objects(field, `${path}.${name}`);
}

/** Field → what is said of it, of the list that `explain` prints: a field at an indent of two, its description deeper. */
const described = (text: string): ReadonlyMap<string, string> => {
  const [, list = ''] = text.split('\nFIELDS:\n');
  const parts = list.split(/^ {2}(?=\S)(?!enum:|-enum-)/m).slice(1);
  return new Map(
    parts.map((part) => {
      const [head = '', ...rest] = part.split('\n');
      const words = rest.filter((line) => !/^\s*enum:/.test(line)).join(' ');
      return [head.split('\t')[0] ?? '', words.replaceAll(/\s+/g, ' ').trim()];
    }),
  );
};

const assets = kubeAssets('kubectl explain', ['full', 'crd', 'given']);
if (assets) {
  const test = suite('kubectl explain');
  const kube = await startKube(assets);
  await installCRDs(kube);

  for (const [kind, plural] of [
    ['Session', 'sessions'],
    ['VMPool', 'vmpools'],
    ['VM', 'vms'],
  ] as const) {
    test(`says of every field of a ${kind} what it is`, async () => {
      let count = 0;
      for (const part of ['spec', 'status'] as const) {
        for (const { path, fields } of objects(SCHEMAS[kind].properties[part], `${plural}.${part}`)) {
          const text = await kube.kubectl(['explain', `${path}`, '--api-version=berth.dev/v1alpha1']);
          const found = described(text);
          for (const field of fields) {
            const said = found.get(field) ?? '';
            assert.ok(said.length > 10 && !said.includes('<no description>'), `${path}.${field}: ${JSON.stringify(said)}`);
            count += 1;
          }
        }
      }
      console.log(`kubectl explain: ${count} fields of ${plural}.berth.dev, all described`);
    });
  }

  test('as people read it', async () => {
    console.log(`$ kubectl explain sessions.spec.shutdown\n${await kube.kubectl(['explain', 'sessions.berth.dev.spec.shutdown'])}`);
  });

  test.after(() => kube.close());
  test.run();
}
