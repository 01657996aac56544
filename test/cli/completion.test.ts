import { execFileSync, spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCLI } from './run-cli.ts';

const test = suite('completion');

const complete = (script: string, words: readonly string[]): string[] => {
  const program = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _berth; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', program], { encoding: 'utf8' }).split('\n').filter(Boolean);
};

test('bash completes commands, options and words, also after remote', async () => {
  const { out } = await runCLI(['completion', 'bash']);
  assert.equal(complete(out, ['berth', 'li']), ['list']);
  assert.equal(complete(out, ['berth', 'remote', 'st']), ['start', 'status']);
  assert.equal(
    complete(out, ['berth', 'list', '--stat']),
    ['--state', '--status'].filter((option) => out.includes(option)),
  );
  assert.equal(complete(out, ['berth', 'get', 'vm']), ['vmpools', 'vms']);
  assert.equal(complete(out, ['berth', 'secret', 'l']), ['list']);
  assert.equal(complete(out, ['berth', 'completion', 'z']), ['zsh']);
  const listing = "berth() { printf 'session.berth.dev/%s\\n' sess-1 sess-2; }";
  for (const command of ['output', 'kill', 'send', 'attach', 'wait', 'rerun'])
    assert.equal(complete(`${listing}\n${out}`, ['berth', command, 's']), ['sess-1', 'sess-2'], command);
});

for (const shell of ['zsh', 'fish'] as const) {
  test(`${shell} gets a script it can parse, with every command`, async () => {
    const { out } = await runCLI(['completion', shell]);
    for (const command of ['start', 'list', 'kill', 'secret']) assert.match(out, command);
    const parsed = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });
    if (parsed.error === undefined) assert.is(parsed.status, 0, parsed.stderr);
  });
}

test.run();
