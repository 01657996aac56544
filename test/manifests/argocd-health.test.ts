// Argo CD's view of our objects, by the script and the test data that are shipped.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { agreedStatus, argoHealth, type Health } from '../fakes/argo-health.ts';
import type { Observable } from '../fakes/kstatus.ts';

const test = suite('health in Argo CD');
const folder = new URL('../../manifests/gitops/argocd/health/', import.meta.url);
const read = (file: string): unknown => load(readFileSync(new URL(file, folder), 'utf8'));
const { tests } = read('health_test.yaml') as {
  readonly tests: readonly { readonly healthStatus: Health; readonly inputPath: string }[];
};

for (const { healthStatus, inputPath } of tests) {
  test(`${inputPath} is ${healthStatus.status}`, () => {
    const object = read(inputPath) as Observable;
    assert.equal(argoHealth(object), healthStatus);
    agreedStatus(object);
  });
}

test('all test data is used, and every word for health occurs', () => {
  assert.equal(
    tests.map(({ inputPath }) => inputPath).sort(),
    readdirSync(new URL('testdata/', folder))
      .map((file) => `testdata/${file}`)
      .sort(),
  );
  assert.equal([...new Set(tests.map(({ healthStatus }) => healthStatus.status))].sort(), [
    'Degraded',
    'Healthy',
    'Progressing',
    'Suspended',
  ]);
});

test('kstatus and Argo CD agree on whatever our conditions may say', () => {
  const status = fc.constantFrom('True', 'False', 'Unknown');
  const told = fc.record({
    Ready: status,
    Reconciling: fc.option(fc.constant('True'), { nil: undefined }),
    Stalled: fc.option(fc.constant('True'), { nil: undefined }),
    Finished: status,
  });
  const generation = fc.integer({ min: 1, max: 3 });
  const object = fc.record({ told, generation, observed: fc.integer({ min: -1, max: 3 }), paused: fc.boolean(), deleted: fc.boolean() });
  fc.assert(
    fc.property(object, ({ told: all, generation: current, observed, paused, deleted }) => {
      const conditions = Object.entries(all).flatMap(([type, is]) =>
        is === undefined
          ? []
          : [
              {
                type,
                status: is,
                reason: 'Told',
                message: 'it is so',
                lastTransitionTime: '2026-01-01T00:00:00Z',
                observedGeneration: current,
              },
            ],
      );
      agreedStatus({
        kind: 'VMPool',
        metadata: { generation: current, ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
        spec: { paused },
        status: { observedGeneration: observed, conditions },
      } as unknown as Observable);
    }),
  );
});

test('the settings of Argo CD have it for every kind that people see', () => {
  const { configMapGenerator: [settings] = [] } = read('kustomization.yaml') as {
    readonly configMapGenerator?: readonly { readonly files: readonly string[] }[];
  };
  assert.equal(
    settings?.files,
    ['Session', 'VMPool', 'VM'].map((kind) => `resource.customizations.health.berth.dev_${kind}=health.lua`),
  );
});

test.run();
