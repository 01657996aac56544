// What a person sees of the end of a log.
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readableTail } from '../../controller/output/tail.ts';

const test = suite('tail');
const tail = (text: string, cut = false) => readableTail(Buffer.from(text), cut);

for (const [name, raw, seen] of [
  ['colours go', '\x1b[31mred\x1b[0m and \x1b]0;title\x07plain', 'red and plain'],
  ['a progress line is seen as last written', '10%\r50%\r100%\ndone\n', '100%\ndone\n'],
  ['a progress line that returned is seen as last written', '10%\r100%\r', '100%'],
  ['CRLF is a newline', 'a\r\nb\r\n', 'a\nb\n'],
  ['other control characters go', 'a\x00\x07\x08b\tc\x7f\u0085d\ufeff', 'ab\tcd'],
  ['an unfinished line is there', 'one\nContinue? ', 'one\nContinue? '],
] as const)
  test(name, () => assert.is(tail(raw), seen));

test('what begins inside a line begins at the next, or at a character where there is none', () => {
  assert.is(tail('half\nwhole\n', true), 'whole\n');
  assert.is(readableTail(Buffer.from('üb').subarray(1), true), 'b');
  assert.is(readableTail(Buffer.from('xy\n'), true), 'xy\n');
});

test('is at most 4 KiB, of whole lines', () => {
  const lines = Array.from({ length: 2000 }, (_, at) => `line ${at}`).join('\n');
  const seen = tail(lines);
  assert.ok(seen.length <= 4096 && seen.startsWith('line ') && seen.endsWith('line 1999'));
  assert.is(tail(`${'x'.repeat(5000)}\n${'z'.repeat(4095)}\n`), `${'z'.repeat(4095)}\n`);
});

test('is always short, readable text', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000 }), fc.boolean(), (bytes, cut) => {
      const seen = readableTail(bytes, cut);
      assert.ok(Buffer.byteLength(seen) <= 4096);
      assert.not.match(seen, /(?![\t\n])\p{Cc}/u);
      assert.ok(seen.isWellFormed());
    }),
  ));

test.run();
