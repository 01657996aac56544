import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explain } from '../../controller/store/schema/explain.ts';

const test = suite('explain');

test('explains a kind, with its parts', () => {
  const session = explain('Session');
  assert.is(session?.type, 'Object');
  assert.equal(
    session?.fields.map(({ name }) => name),
    ['apiVersion', 'kind', 'metadata', 'spec', 'status'],
  );
  assert.ok(session?.fields.every(({ description }) => description !== ''));
});

test('explains a field with type, allowed values and whether it is required', () => {
  const type = explain('VMPool', 'spec.provider.type');
  assert.is(type?.type, 'string');
  assert.is(type?.required, true);
  assert.equal(type?.enum, ['Local', 'SSH', 'Azure']);
  assert.match(type?.description ?? '', /^type is the kind of provider/);
});

test('goes through lists', () => {
  assert.is(explain('Session', 'spec.env')?.type, '[]Object');
  assert.is(explain('Session', 'spec.env.secretRef.key')?.type, 'string');
  assert.is(explain('Session', 'spec.command')?.type, '[]string');
});

test('knows what there is not', () => {
  assert.is(explain('Session', 'spec.promt'), undefined);
  assert.is(explain('Session', 'spec.prompt.more'), undefined);
  assert.is(explain('Session', 'spec.constructor'), undefined);
});

test.run();
