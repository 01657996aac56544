import fc from 'fast-check';
import { load } from 'js-yaml';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { parseYAML } from '../../../controller/store/yaml/parse.ts';
import { writeYAML } from '../../../controller/store/yaml/write.ts';

const test = suite('yaml: writing');

const awkward = fc
  .array(
    fc.constantFrom(
      '\n',
      ' ',
      'a',
      '- ',
      ': ',
      '#',
      '\t',
      '|',
      'é',
      '😀',
      '0',
      '12:30',
      'yes',
      '"',
      "'",
      '\r',
      '{',
      '%',
      '\u2028',
      '\u0085',
      '\ufeff',
      '\u0000',
      '~',
      '...',
      '---',
      '<<',
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
const misread = fc.constantFrom(
  'y',
  'no',
  'On',
  '0777',
  '1_0',
  '0o7',
  '.5',
  '1e3',
  '=',
  '<<',
  '2024-01-01',
  'null',
  '',
  '+1',
  '0b1',
  '1.',
  '12:30',
  '10.00',
  'e0',
  '__proto__',
);
const words = fc.oneof(awkward, misread, fc.string());
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    words,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(words, tie('value')), { maxLength: 3 }).map((fields) => Object.fromEntries(fields)),
  ),
}));
const asJSON = (each: unknown): string => JSON.stringify(each);

test('every value that JSON can hold comes back as it was', () => {
  fc.assert(
    fc.property(value, (each) => assert.is(asJSON(parseYAML(writeYAML(each))), asJSON(each))),
    { numRuns: 3000 },
  );
});

test('other readers of YAML read the same', () => {
  const normal = (each: unknown): unknown => JSON.parse(asJSON(each));
  const sane = value.filter((each) => !asJSON(each).includes('__proto__'));
  fc.assert(
    fc.property(sane, (each) => {
      assert.equal(normal(load(writeYAML(each))), normal(each));
      assert.equal(normal(parse(writeYAML(each))), normal(each));
      assert.equal(normal(parse(writeYAML(each), { version: '1.1' })), normal(each));
    }),
    { numRuns: 500 },
  );
});

test('what is written again is the same, byte by byte', () => {
  fc.assert(fc.property(value, (each) => assert.is(writeYAML(parseYAML(writeYAML(each))), writeYAML(each))));
});

test('is written for people', () => {
  const session = {
    apiVersion: 'berth.dev/v1alpha1',
    metadata: {
      name: 'a',
      annotations: { 'berth.dev/cli': 'true' },
      labels: {},
      finalizers: ['berth.dev/cleanup'],
      deletionTimestamp: undefined,
    },
    spec: { prompt: 'first line\n\nthird: line\n', command: ['bash', '-c', 'make test'], priority: 0, matrix: [[1], []] },
    status: { phase: 'Running', output: { tail: 'no newline\nat the end' }, conditions: [{ type: 'Ready', status: 'True' }] },
  };
  assert.is(
    writeYAML(session),
    `apiVersion: berth.dev/v1alpha1
metadata:
  name: a
  annotations:
    berth.dev/cli: "true"
  labels: {}
  finalizers:
  - berth.dev/cleanup
spec:
  prompt: |
    first line

    third: line
  command:
  - bash
  - "-c"
  - make test
  priority: 0
  matrix:
  -
    - 1
  - []
status:
  phase: Running
  output:
    tail: |-
      no newline
      at the end
  conditions:
  - type: Ready
    status: "True"
`,
  );
});

test('a torn file is refused', () => {
  assert.throws(() => parseYAML(''), /not exactly one document/);
  assert.throws(() => parseYAML('a: 1\n---\nb: 2\n'), /not exactly one document/);
  assert.throws(() => parseYAML('a: "x'), /.+/);
});

test.run();
