// The contract of a shell, for every implementation. `open` gives one on a machine that has sh, cat and sleep.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Shell } from '../../controller/shell/shell.ts';

export interface ShellWorld {
  readonly shell: Shell;
  close(): Promise<void>;
}

export const testShell = (name: string, open: () => Promise<ShellWorld>): void => {
  const test = suite(`shell contract: ${name}`);
  let world: ShellWorld;
  test.before(async () => {
    world = await open();
  });
  test.after(() => world.close());
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  test('passes arguments as they are', async () => {
    const argv = ['a b', '$HOME', '"', "'", '*', '', '--x', 'ü\n'];
    const { code, stdout } = await world.shell.run(['sh', '-c', 'printf "[%s]" "$@"', 'sh', ...argv]);
    assert.equal([code, text(stdout)], [0, argv.map((word) => `[${word}]`).join('')]);
  });

  test('returns code, output and diagnostics', async () => {
    const { code, stdout, stderr } = await world.shell.run(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    assert.equal([code, text(stdout), stderr], [3, 'out\n', 'err\n']);
  });

  test('feeds stdin, all bytes and to its end', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 256);
    const { stdout } = await world.shell.run(['cat'], { stdin: bytes });
    assert.ok(Buffer.from(stdout).equals(bytes));
    assert.is(text((await world.shell.run(['cat'])).stdout), '');
  });

  test('says 127 for a program that is not there, and 128 + n for a signal', async () => {
    assert.is((await world.shell.run(['no-such-program-at-all'])).code, 127);
    assert.is((await world.shell.run(['sh', '-c', 'kill -TERM $$'])).code, 143);
  });

  test('a command that does not read its stdin is no error', async () => {
    assert.is((await world.shell.run(['true'], { stdin: 'x'.repeat(1 << 20) })).code, 0);
  });

  test('an interrupted command is unavailable: nobody knows how far it came', async () => {
    const abort = new AbortController();
    const running = world.shell.run(['sleep', '60'], { signal: abort.signal });
    setImmediate(() => abort.abort());
    const error = await running.catch((reason: unknown) => reason);
    assert.is((error as { code?: string }).code, 'unavailable');
  });

  test('a channel goes both ways and ends with its command', async () => {
    const channel = await world.shell.open(
      ['sh', '-c', 'while read line; do test "$line" = end && exit; echo "<$line>"; done'],
      AbortSignal.timeout(10_000),
    );
    const heard: string[] = [];
    channel.write('one\n');
    for await (const chunk of channel.output) {
      heard.push(text(chunk));
      channel.write(heard.join('').includes('two') ? 'end\n' : 'two\n');
    }
    assert.match(heard.join(''), /^<one>\n(<two>\n)+$/);
  });

  test('a channel ends when it is aborted', async () => {
    const abort = new AbortController();
    const channel = await world.shell.open(['sh', '-c', 'echo up; sleep 60'], abort.signal);
    for await (const _chunk of channel.output) abort.abort();
  });

  test('a reader that takes its time loses nothing', async () => {
    const channel = await world.shell.open(['sh', '-c', 'head -c 5000000 /dev/zero'], AbortSignal.timeout(20_000));
    let bytes = 0;
    for await (const chunk of channel.output) {
      bytes += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.is(bytes, 5_000_000);
  });

  test.run();
};
