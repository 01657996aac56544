// The last lines of a log, read backwards while more is written.
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTail } from '../../cli/follow.ts';
import type { LogReader } from '../../controller/output/log-store.ts';

const test = suite('read-tail');

const CHUNK = 50_000;
/** A log that grows as soon as it is looked at. */
const logOf = (text: string): LogReader => {
  const bytes = Buffer.from(`${text}later\n`);
  const read = async function* (offset: number) {
    for (let at = offset; at < bytes.length; at += CHUNK) yield bytes.subarray(at, Math.min(bytes.length, at + CHUNK));
  };
  return { size: async () => text.length, read, follow: read };
};
const tail = async (text: string, lines: number): Promise<string> =>
  Buffer.from(await readTail(logOf(text), text.length, lines)).toString();

test('the last lines are exact, whatever the lines are', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('\n', 'a', 'bc', 'x'.repeat(40_000))),
      fc.integer({ min: 0, max: 8 }),
      async (parts, lines) => {
        const text = parts.join('');
        const all = text.split(/(?<=\n)/).filter((line) => line !== '');
        assert.is(await tail(text, lines), lines === 0 ? '' : all.slice(-lines).join(''));
      },
    ),
    { numRuns: 60 },
  ));

test('so are those of huge lines', async () => {
  const line = `${'x'.repeat(1 << 20)}\n`;
  assert.is(await tail(`first\n${line}${line}no end`, 2), `${line}no end`);
  assert.is(await tail(`first\n${line}${line}no end`, 9), `first\n${line}${line}no end`);
});

test.run();
