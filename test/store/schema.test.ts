import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorLine } from '../../controller/store/schema/error.ts';
import type { Fields } from '../../controller/store/schema/node.ts';
import { admit } from '../../controller/store/schema.ts';
import { CASES, type Case } from '../crds/cases.ts';
import { type Recorded, shorten } from '../crds/record.ts';

const recorded = JSON.parse(readFileSync(new URL('../fixtures/api-server.json', import.meta.url), 'utf8')) as readonly Recorded[];

const test = suite('schema: as the API server answers');

const documentOf = ({ kind, metadata, spec }: Case): Fields =>
  JSON.parse(JSON.stringify({ apiVersion: 'berth.dev/v1alpha1', kind, metadata: metadata ?? { name: 'a' }, spec })) as Fields;

function answer(one: Case): Omit<Recorded, 'name'> {
  const before = one.old === undefined ? undefined : admit(one.kind, documentOf({ ...one, spec: one.old }));
  const old = before && 'object' in before ? before.object : undefined;
  const admission = admit(one.kind, documentOf(one), old);
  if ('object' in admission) return { spec: JSON.parse(shorten(JSON.stringify(admission.object.spec))) };
  const [first] = admission.errors;
  if (first?.type === 'Unknown') return { message: admission.errors.map(({ message }) => message.replace(/ \(did .*/, '')).join(', ') };
  if (first?.type === 'Unreadable') return { message: first.message };
  return { causes: sorted(admission.errors.map(({ path, message }) => ({ field: path, message: shorten(message) }))) };
}

/** The server's order is that of a Go map. `<nil>` marks its remarks on its own procedure, which Berth leaves out. */
const sorted = (causes: NonNullable<Recorded['causes']>): NonNullable<Recorded['causes']> =>
  causes.filter(({ field }) => field !== '<nil>').sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

const expected = ({ causes, message, spec }: Recorded): Omit<Recorded, 'name'> => {
  if (causes) return { causes: sorted(causes) };
  return message === undefined ? { spec } : { message: message.replace(/^.* cannot be handled as a \w+: (strict decoding error: )?/, '') };
};

test('the recording has every case', () => {
  assert.equal(
    recorded.map(({ name }) => name),
    CASES.map(({ name }) => shorten(name)),
  );
});

for (const [index, one] of CASES.entries()) {
  test(shorten(one.name), () => {
    const record = recorded[index];
    assert.equal(answer(one), record && expected(record));
  });
}

test('an error is one line that begins with its path', () => {
  assert.is(errorLine({ type: 'Required', path: 'spec.provider', message: 'Required value' }), 'spec.provider: Required value');
  assert.is(errorLine({ type: 'Unknown', path: 'spec.promt', message: 'unknown field "spec.promt"' }), 'unknown field "spec.promt"');
});

test.run();
