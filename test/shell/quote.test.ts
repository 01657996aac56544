// What a POSIX shell reads back from a quoted argument list is that list.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { quoteArgv } from '../../controller/shell/quote.ts';

const test = suite('quoted arguments');
const words = fc.array(
  fc.string({ unit: 'binary' }).map((word) => word.replaceAll('\0', '')),
  { minLength: 1, maxLength: 20 },
);
const encode = (list: readonly string[]): string => Buffer.from(list.map((word) => `${word}\0`).join('')).toString('utf8');

test('come out of sh as they went in', () => {
  fc.assert(
    fc.property(words, (list) => {
      const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${quoteArgv(list)}`], { encoding: 'utf8' });
      assert.is(stdout, encode(list));
    }),
    { numRuns: 40 },
  );
});

test('hold nothing that a shell acts upon', () => {
  const evil = ['$(touch x)', '`id`', "'; id; '", '"', '\\', '\n', '!!', '~', '*', '-n', '', '#', '$HOME'];
  assert.is(spawnSync('sh', ['-c', `printf '%s\\0' ${quoteArgv(evil)}`], { encoding: 'utf8' }).stdout, encode(evil));
});

test('can not hold a NUL byte', () => {
  assert.throws(() => quoteArgv(['a\0b']), /NUL/);
});

test.run();
