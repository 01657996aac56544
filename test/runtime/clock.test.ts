import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../controller/runtime/clock.ts';

const test = suite('clock');
const clockModule = new URL('../../controller/runtime/clock.ts', import.meta.url).href;
const run = (script: string) => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });

test('tells the wall clock and a monotonic one', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
  const before = systemClock.monotonic();
  assert.ok(systemClock.monotonic() >= before);
});

test('calls back once, and not when cancelled', async () => {
  const seen: string[] = [];
  const cancel = systemClock.after(1, () => seen.push('cancelled'));
  cancel();
  await new Promise<void>((resolve) => {
    const held = setInterval(() => undefined, 1_000);
    systemClock.after(5, () => {
      clearInterval(held);
      seen.push('called');
      resolve();
    });
  });
  assert.equal(seen, ['called']);
});

test('does not fire a timer of two months at once', async () => {
  let fired = false;
  const cancel = systemClock.after(60 * 86_400_000, () => {
    fired = true;
  });
  // Node fires what it cannot count to after 1 ms.
  await new Promise((resolve) => setTimeout(resolve, 5));
  cancel();
  assert.not(fired);
});

test('a timer does not keep the process alive, and keepAlive does until it is let go', async () => {
  const unheld = await run(`import { systemClock } from '${clockModule}'; systemClock.after(60000, () => console.log('fired'));`);
  assert.is(unheld.stdout, '');
  const held = await run(
    `import { systemClock, keepAlive } from '${clockModule}';
     const release = keepAlive(); systemClock.after(20, () => { console.log('fired'); release(); });`,
  );
  assert.is(held.stdout, 'fired\n');
});

test.run();
