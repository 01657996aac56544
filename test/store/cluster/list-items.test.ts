// Items of a list, however it is cut into chunks.
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readItems } from '../../../controller/store/cluster/list-items.ts';

const test = suite('items of a list');

const read = async (chunks: readonly Uint8Array[]): Promise<{ readonly items: readonly unknown[]; readonly metadata: unknown }> => {
  const all = readItems(chunks as unknown as AsyncIterable<Uint8Array>);
  const items: unknown[] = [];
  let next = await all.next();
  for (; !next.done; next = await all.next()) items.push(next.value);
  return { items, metadata: next.value };
};

const cut = (text: string, size: number): readonly Uint8Array[] => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
};

test('reads any items, in any chunks, and what stands around them in any order', async () => {
  const item = fc.dictionary(fc.string(), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.array(item), fc.integer({ min: 1, max: 50 }), fc.boolean(), fc.boolean(), async (items, size, isLast, isPretty) => {
      const metadata = { resourceVersion: '7', others: [['items'], { items: [1, 2] }] };
      const list = isLast ? { apiVersion: 'v1', metadata, items } : { apiVersion: 'v1', items, kind: 'L', metadata };
      const text = JSON.stringify(list, undefined, isPretty ? 2 : 0);
      assert.equal(await read(cut(text, size)), JSON.parse(JSON.stringify({ items, metadata })));
    }),
    { numRuns: 300 },
  );
});

test('reads a list without items', async () => {
  const metadata = { resourceVersion: '7' };
  for (const items of [[], null]) assert.equal(await read(cut(JSON.stringify({ items, metadata }), 9)), { items: [], metadata });
});

test('says so where the body ends too early', async () => {
  const text = JSON.stringify({ items: [{ a: 1 }, { a: 2 }], metadata: { resourceVersion: '7' } });
  for (const end of [5, 18, text.length - 3]) {
    const error = await read(cut(text.slice(0, end), 4)).catch((reason: unknown) => reason);
    assert.instance(error, SyntaxError);
  }
});

test.run();
