// 64 MiB of random bytes in one session: kept to the byte, without growing the resource, the memory, or the wait for its end.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isTrue } from '../../controller/api/condition.ts';
import { until } from '../session/vm-world.ts';
import { openRealWorld, type RealWorld } from './real-world.ts';

const MIB = 1 << 20;
const LINES = 64;
const FINISH_WITHIN_MS = 90_000;
/** What the resource file may grow by, and what the controller's memory may. */
const RESOURCE_BYTES = 8192;
const MEMORY_KIB = 64 * 1024;

/** Waits for a word, then writes lines of 1 MiB, but for the last newline, and keeps a copy outside its workspace. */
const PROGRAM = `
import os, sys, time
copy, go, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
while not os.path.exists(go): time.sleep(0.02)
with open(copy, 'wb') as kept:
    for number in range(lines):
        line = os.urandom(1048575).replace(b'\\n', b'\\r') + (b'\\n' if number < lines - 1 else b'.')
        kept.write(line)
        sys.stdout.buffer.write(line)
`;

const test = suite('big output');
let world: RealWorld;
test.before(async () => {
  world = await openRealWorld();
});
test.after(() => world.close());

test('64 MiB of random bytes are kept exactly, and cost the resource and the controller next to nothing', async () => {
  const copy = join(world.root, 'copy');
  const go = join(world.root, 'go');
  const resource = join(world.state, 'sessions', 'default', 'big.yaml');
  const controller = world.startController();
  await world.apply('Session', 'big', { command: ['python3', '-c', PROGRAM, copy, go, String(LINES)] });
  await until(async () => (isTrue((await world.session('big'))?.status?.conditions, 'Started') ? true : undefined));
  const [before, memoryBefore] = [(await stat(resource)).size, await residentKiB(controller.pid)];
  const memory = sampleMemory(controller.pid);
  await writeFile(go, '');
  const began = performance.now();
  const { status } = await world.finished('big', FINISH_WITHIN_MS);
  const seconds = (performance.now() - began) / 1000;
  const peak = memory.stop();
  const grown = (await stat(resource)).size - before;
  assert.is(status?.exitCode, 0);
  assert.is(status?.output?.bytes, LINES * MIB);

  const raw = world.berth('output', 'big', '--raw', '--no-up');
  assert.ok(raw.stdout);
  const shown = createHash('sha256');
  await pipeline(raw.stdout, shown);
  const written = createHash('sha256');
  await pipeline(createReadStream(copy), written);
  assert.is(shown.digest('hex'), written.digest('hex'));

  const asked = performance.now();
  const tail = await world.output('output', 'big', '-n', '100', '--no-up');
  const tailMs = performance.now() - asked;
  assert.ok(tail.includes('Captured:') && tail.length > 0);
  console.log(
    `64 MiB in ${seconds.toFixed(1)} s; resource +${grown} bytes; -n 100 in ${tailMs.toFixed(0)} ms; memory ${memoryBefore} KiB, peak +${peak - memoryBefore} KiB`,
  );
  assert.ok(grown < RESOURCE_BYTES, `the resource grew by ${grown} bytes`);
  assert.ok(peak - memoryBefore < MEMORY_KIB, `memory of the controller rose by ${peak - memoryBefore} KiB`);
});

const residentKiB = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
};

const sampleMemory = (pid: number | undefined): { readonly stop: () => number } => {
  let peak = 0;
  const timer = setInterval(() => {
    residentKiB(pid).then(
      (now) => {
        peak = Math.max(peak, now);
      },
      () => undefined,
    );
  }, 50);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
};

test.run();
