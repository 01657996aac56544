import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ManifestDocument, readManifests } from '../../../controller/store/yaml/read-manifests.ts';

const test = suite('yaml: manifests');

const documents = (text: string): readonly ManifestDocument[] => {
  const read = readManifests(text);
  if ('problem' in read) throw new Error(JSON.stringify(read.problem));
  return read.documents;
};

const values = (text: string): readonly unknown[] => documents(text).map(({ value }) => value);

const problem = (text: string): string => {
  const read = readManifests(text);
  return 'problem' in read ? `${read.problem.line ?? '-'}:${read.problem.column ?? '-'} ${read.problem.message}` : 'taken';
};

test('reads several documents and skips empty ones', () => {
  assert.equal(values('---\n---\n# only a comment\n---\na: 1\n---\n\n---\nb: 2\n...\n'), [{ a: 1 }, { b: 2 }]);
  assert.equal(values(''), []);
  assert.equal(values('# nothing\n'), []);
});

test('expands Lists', () => {
  assert.equal(values('kind: List\napiVersion: v1\nitems:\n- a: 1\n- b: 2\n'), [{ a: 1 }, { b: 2 }]);
  assert.equal(values('kind: SessionList\nitems: []\n'), []);
  assert.equal(values('kind: Checklist\nitems: x\n'), [{ kind: 'Checklist', items: 'x' }]);
  assert.match(problem('kind: List\nitems: [a]\n'), /item 0 of the list must be a mapping/);
});

test('reads JSON, a byte order mark, and Windows line ends', () => {
  assert.equal(values('{\n\t"a": "\\ud83d\\ude00\\/",\n\t"b": [1, 2]\n}\n'), [{ a: '😀/', b: [1, 2] }]);
  assert.equal(values('\uFEFFa: 1\r\nb: |\r\n  x\r\n  y\r\n'), [{ a: 1, b: 'x\ny\n' }]);
});

test('says line and column of what is broken', () => {
  assert.match(problem('a: 1\nb: [1,\n'), /^\d+:\d+ /);
  assert.match(problem('a:\n\tb: 1\n'), /^2:\d+ .*tab/i);
  assert.match(problem('a: 1\nb: 2\na: 3\n'), /^3:1 key "a" is already set/);
  assert.match(problem('a: "x\n'), /^\d+:\d+ /);
  assert.match(problem('a: b: c\n'), /^1:\d+ /);
  assert.match(problem('just text\n'), /^1:1 a document must be a mapping/);
  assert.match(problem('- a\n'), /^1:1 a document must be a mapping/);
  assert.match(problem('a: 1\n---\nb: .inf\n'), /^3:4 .inf is not a number that JSON can hold/);
  assert.match(problem('{[a]: 1}\n'), /a key must be a string, a number or a bool/);
  assert.match(problem('a: !!int x\n'), /^1:\d+ cannot read 'x' as !!int/);
  assert.match(problem('a: x\u0085y\n'), /^1:5 the character U\+0085 breaks a line for kubectl/);
});

test('reads anchors, aliases and merge keys as kubectl does', () => {
  assert.equal(values('a: &x {b: 1}\nc: *x\n'), [{ a: { b: 1 }, c: { b: 1 } }]);
  assert.equal(values('a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x\n'), [{ a: { b: 1, c: 2 }, d: { c: 3, b: 1 } }]);
  assert.equal(values('a: &x {b: 1}\ne: &y {b: 2, f: 3}\nd:\n  <<: [*x, *y]\n'), [{ a: { b: 1 }, e: { b: 2, f: 3 }, d: { b: 1, f: 3 } }]);
  assert.equal(values('d: {"<<": 1}\n'), [{ d: { '<<': 1 } }]);
  assert.match(problem('d: {<<: 1}\n'), /map merge requires map or sequence of maps/);
  assert.match(problem('a: *x\n'), /^1:\d+ unknown anchor 'x' referenced/);
  assert.match(problem('a: &x [*x]\n'), /anchor 'x' value contains itself/);
  assert.match(problem('a: &x 1\n---\nb: *x\n'), /^3:\d+ unknown anchor 'x'/);
});

test('refuses aliases that expand beyond measure', () => {
  const levels = Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(', ')}]`);
  assert.match(problem(`l0: &l0 lol\n${levels.join('\n')}\n`), /aliases stand for more than 10000 values/);
  const deep = Array.from({ length: 40 }, (_, level) => `d${level + 1}: &d${level + 1} [*d${level}]`);
  assert.match(problem(`d0: &d0 x\n${deep.join('\n')}\n`), /nested more than 32 levels deep/);
});

test('refuses what is too large, as a whole', () => {
  assert.match(problem(`a: ${'x'.repeat(1024 * 1024)}\n`), /^-:- the file is larger than 1 MiB/);
  assert.match(problem('a: 1\n---\n'.repeat(1001)), /more than 1000 documents/);
  assert.is(values('a: 1\n---\n'.repeat(1000)).length, 1000);
  assert.match(problem(`kind: List\nitems:\n${'- a: 1\n'.repeat(1001)}`), /more than 1000 documents/);
  assert.match(problem(`a: ${'['.repeat(40)}${']'.repeat(40)}\n`), /nested more than 32 levels deep/);
  assert.match(problem(`a: ${'['.repeat(5000)}`), /^1:\d+ /);
});

test('finds the place of a path, or of as much of it as there is', () => {
  const text = '# first\na: 1\n---\nkind: Session\nspec:\n  env:\n  - name: A\n    value: 1\n  -   name: B\n';
  const [, session] = documents(text);
  const at = (path: string): string => `${session?.locate(path).line}:${session?.locate(path).column}`;
  assert.is(`${session?.line}:${session?.column}`, '4:1');
  assert.is(at('spec'), '5:1');
  assert.is(at('spec.env[0].value'), '8:5');
  assert.is(at('spec.env[1]'), '9:7');
  assert.is(at('spec.env[1].value'), '9:7');
  assert.is(at('metadata.name'), '4:1');
});

test('finds the place within a List', () => {
  const [, second] = documents('kind: List\nitems:\n- a: 1\n- b: 2\n  c: {d: 1}\n');
  assert.equal([second?.line, second?.column], [4, 3]);
  assert.equal(second?.locate('c.d'), { line: 5, column: 7 });
});

test('keys that mean something to JavaScript are data', () => {
  const [value] = values('__proto__: {a: 1}\nconstructor: 2\n');
  assert.is(JSON.stringify(value), '{"__proto__":{"a":1},"constructor":2}');
  assert.is(Object.getPrototypeOf(value), Object.prototype);
});

test('no text makes it throw', () => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&x ',
    '*x',
    '"',
    "'",
    '|',
    '>',
    '#',
    '!',
    '!!str ',
    '---\n',
    '<<',
    '? ',
    '\t',
    '%',
    '0x1',
    '.inf',
    '\u2028',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => void readManifests(pieces.join(''))),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => void readManifests(text)),
    { numRuns: 1000 },
  );
});

test.run();
