// The shell on this machine keeps the contract.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { localShell } from '../../controller/shell/local.ts';
import { testShell } from '../contracts/shell.ts';

testShell('local', async () => {
  const shell = localShell({}, process.env);
  return { shell, close: async () => shell.close() };
});

const test = suite('local shell');
const TERMINAL = { type: 'dumb', input: process.stdin, output: process.stdout };

test('gives commands the basics of the environment, and what it is told, alone', async () => {
  const shell = localShell(
    { BERTH_HOME: '/home/of/vm' },
    { PATH: process.env.PATH, HOME: '/h', LC_ALL: 'C', CLAUDECODE: '1', KEY: 'secret' },
  );
  const { stdout } = await shell.run(['env', '-0']);
  const names = new TextDecoder()
    .decode(stdout)
    .split('\0')
    .map((line) => line.split('=')[0]);
  // Node itself hands this one on while coverage is measured.
  const given = names.filter((name) => name && name !== 'NODE_V8_COVERAGE');
  assert.equal(given.sort(), ['BERTH_HOME', 'HOME', 'LC_ALL', 'PATH']);
});

test('ends what it still runs when it is closed', async () => {
  const shell = localShell({}, process.env);
  const channel = await shell.open(['sh', '-c', 'echo up; sleep 60'], AbortSignal.timeout(20_000));
  for await (const _chunk of channel.output) shell.close();
});

test('says why a program that exists could not be run', async () => {
  const shell = localShell({}, process.env);
  await shell.run(['/']).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /\/ could not be run: .*EACCES/),
  );
});

test('a program on the terminal that a signal ended has the code that a shell gives it', async () => {
  const shell = localShell({}, process.env);
  assert.is(await shell.interact(['sh', '-c', 'exit 4'], TERMINAL), 4);
  assert.is(await shell.interact(['sh', '-c', 'kill -9 $$'], TERMINAL), 137);
});

test.run();
