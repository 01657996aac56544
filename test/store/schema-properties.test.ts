import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SCHEMAS } from '../../controller/store/crds.generated.ts';
import { errorLine } from '../../controller/store/schema/error.ts';
import type { Fields } from '../../controller/store/schema/node.ts';
import { admit, statusErrors } from '../../controller/store/schema.ts';
import { CASES } from '../crds/cases.ts';

const test = suite('schema: properties');

const session = (spec: unknown, metadata: unknown = { name: 'a' }): Fields => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata,
  spec,
});
const text = fc.string({ minLength: 1, maxLength: 20 });
const option = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const spec = fc.record({
  prompt: text,
  agent: option(fc.constantFrom('amplihack', 'claude', 'codex', 'copilot')),
  maxTurns: option(fc.integer({ min: 1, max: 100 })),
  priority: option(fc.integer({ min: -1000000, max: 1000000 })),
  memoryMiB: option(fc.integer({ min: 1, max: 1000 })),
  retryLimit: option(fc.integer({ min: 0, max: 100 })),
  poolRef: option(fc.record({ name: fc.constantFrom('default', 'big') })),
  size: option(fc.constantFrom('s', 'm', 'l', 'xl')),
  input: option(fc.uniqueArray(fc.record({ id: fc.stringMatching(/^[a-z0-9]{1,5}$/), text }), { selector: ({ id }) => id, maxLength: 5 })),
});

const taken = (document: Fields, old?: Parameters<typeof admit<'Session'>>[2]) => {
  const admission = admit('Session', document, old);
  if ('errors' in admission) throw new Error(admission.errors.map(errorLine).join('\n'));
  return admission.object;
};

test('what was taken is taken again as it is, also as an update of itself', () => {
  fc.assert(
    fc.property(spec, (value) => {
      const once = taken(session(JSON.parse(JSON.stringify(value))));
      assert.equal(taken(session(once.spec, once.metadata)), once);
      assert.equal(taken(session(once.spec, once.metadata), once), once);
    }),
  );
});

test('a default never overrides a value', () => {
  fc.assert(
    fc.property(spec, (value) => {
      const given = JSON.parse(JSON.stringify(value)) as Fields;
      const { spec: full } = taken(session(given));
      for (const [name, each] of Object.entries(given)) assert.equal((full as unknown as Fields)[name], each);
    }),
  );
});

test('nothing that JSON can hold makes it throw, or changes what was passed', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, metadata) => {
      const document = session(value, metadata);
      const before = JSON.stringify(document);
      admit('Session', document);
      assert.is(JSON.stringify(document), before);
    }),
  );
});

test('every field set to any JSON value is refused or taken, never a crash', () => {
  const names = Object.keys(SCHEMAS.Session.properties?.spec?.properties ?? {});
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => void admit('Session', session({ prompt: 'p', [name]: value }))),
  );
});

test('takes metadata that people set, and leaves out the rest', () => {
  const metadata = {
    name: 'a',
    labels: { team: 'x', 'example.org/part': '' },
    annotations: { 'berth.dev/cli': '1', note: null },
    uid: 'u',
    generation: 4,
  };
  assert.equal(taken(session({ prompt: 'p' }, metadata)).metadata, {
    name: 'a',
    namespace: 'default',
    labels: { team: 'x', 'example.org/part': '' },
    annotations: { 'berth.dev/cli': '1', note: '' },
  });
  assert.is(taken(session({ prompt: 'p' }, { name: 'a', namespace: 'team' })).metadata.namespace, 'team');
});

const lines = (document: Fields): readonly string[] => {
  const admission = admit('Session', document);
  return 'errors' in admission ? admission.errors.map(errorLine) : [];
};

test('refuses metadata in the words of the API server', () => {
  const bad = (metadata: unknown): string => lines(session({ prompt: 'p' }, metadata)).join('\n');
  assert.match(bad({ name: 'a', namespace: 'A' }), /^metadata.namespace: Invalid value: "A": a lowercase RFC 1123 label/);
  assert.match(bad({ name: 'a', labels: { [`${'x'.repeat(64)}`]: '' } }), /name part must be no more than 63 characters/);
  assert.match(bad({ name: 'a', labels: { 'A_/b': '' } }), /prefix part a lowercase RFC 1123 subdomain/);
  assert.match(bad({ name: 'a', labels: { a: 'x'.repeat(64) } }), /must be no more than 63 characters/);
  assert.match(bad({ name: 7 }), /^json: cannot unmarshal number into Go struct field ObjectMeta.name of type string$/);
  assert.match(bad({ name: 'a', labels: [] }), /cannot unmarshal array into Go struct field ObjectMeta.labels/);
  assert.match(bad({ name: 'a', finalizers: true }), /cannot unmarshal bool into Go struct field ObjectMeta.finalizers/);
  assert.match(bad('a'), /cannot unmarshal string into Go value/);
  assert.match(bad(null), /^metadata.name: Required value/);
});

test('hints at the field that was meant', () => {
  assert.equal(lines(session({ promt: 'p' })), ['unknown field "spec.promt" (did you mean "prompt"?)']);
  assert.equal(lines(session({ prompt: 'p', maxturns: 3 })), ['unknown field "spec.maxturns" (did you mean "maxTurns"?)']);
  assert.equal(lines(session({ prompt: 'p', flavour: 3 })), ['unknown field "spec.flavour"']);
  assert.equal(lines(session({ prompt: 'p' }, { name: 'a', lables: {} })), ['unknown field "metadata.lables" (did you mean "labels"?)']);
});

test('a status in a manifest is ignored', () => {
  const { spec: full } = taken({ ...session({ prompt: 'p' }), status: { phase: 'Nonsense', more: 1 } });
  assert.is(full.prompt, 'p');
});

test('prints what cannot be printed as Go does', () => {
  const [line] = lines(session({ prompt: 'p', region: 'a\u0007\u000b\u0001\u007f\\u0007é' }));
  assert.match(line ?? '', 'Invalid value: "a\\a\\v\\x01\\x7f\\\\u0007é": ');
});

test('a status that an API server would refuse is found', () => {
  assert.equal(statusErrors('Session', { observedGeneration: 1, phase: 'Running', attempt: 1, startTime: '2026-01-01T00:00:00Z' }), []);
  assert.equal(statusErrors('Session', { summary: 'x'.repeat(49) }).map(errorLine), [
    'status.summary: Too long: may not be more than 48 bytes',
  ]);
});

test('the table has the cases of bad input that people meet', () => {
  assert.ok(CASES.length >= 40);
});

test.run();
