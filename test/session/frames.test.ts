// The stream of a VM is read the same however its bytes were cut on the way.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Frame, readFrames } from '../../controller/session/frames.ts';

const test = suite('frames');

interface Sent {
  readonly bytes: Buffer;
  readonly log: Buffer;
}

const encode = (logs: readonly Uint8Array[]): Sent => {
  let offset = 0;
  const parts = logs.flatMap((data) => {
    const header = Buffer.from(`${JSON.stringify({ t: 'log', run: 'r', offset, bytes: data.length })}\n`);
    offset += data.length;
    return [header, Buffer.from(data), Buffer.from('{"t":"beat"}\n')];
  });
  return { bytes: Buffer.concat(parts), log: Buffer.concat(logs) };
};

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const read = async (chunks: AsyncIterable<Uint8Array>): Promise<readonly Frame[]> => Array.fromAsync(readFrames(chunks));

test('a log comes whole and in order, and nothing between its pieces is taken for it', async () => {
  const logs = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(logs, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), async (sent, sizes) => {
      const { bytes, log } = encode(sent);
      const frames = await read(cut(bytes, sizes));
      const got = Buffer.alloc(log.length);
      let expected = 0;
      for (const frame of frames) {
        if (frame.t !== 'log') continue;
        assert.is(frame.offset, expected);
        assert.is(frame.data.length, frame.bytes);
        got.set(frame.data, frame.offset);
        expected += frame.bytes;
      }
      assert.is(Buffer.compare(got, log), 0);
      assert.is(frames.filter(({ t }) => t === 'beat').length, sent.length);
    }),
  );
});

test('what is no frame ends the reading with a clear error', async () => {
  for (const text of ['not json\n', '[1]\n', 'x'.repeat((1 << 20) + 1)]) {
    const failed = await read(cut(Buffer.from(text), [65_536])).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.match(String(failed), /the VM sent something that is not a frame of its stream/);
  }
});

test.run();
