import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHeap } from '../../controller/runtime/heap.ts';

const test = suite('heap');
const byNumber = (a: number, b: number): number => a - b;

test('gives the items back in order, also after some were filtered out', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (numbers, limit) => {
      const heap = createHeap(byNumber);
      for (const number of numbers) heap.push(number);
      assert.is(heap.peek(), numbers.length === 0 ? undefined : Math.min(...numbers));
      assert.equal(drain(heap.filter((number) => number < limit)), numbers.filter((number) => number < limit).toSorted(byNumber));
      assert.equal(drain(heap), numbers.toSorted(byNumber));
      assert.is(heap.pop(), undefined);
      assert.is(heap.size, 0);
    }),
  );
});

const drain = (heap: ReturnType<typeof createHeap<number>>): number[] => {
  const drained: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) drained.push(item);
  return drained;
};

test.run();
