// The documented command line of each agent.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SessionSpec } from '../../controller/api/types.generated.ts';
import { commandLine, launchOf } from '../../controller/session/agents.ts';

const test = suite('agents');
const spec = (more: object): SessionSpec => ({ poolRef: { name: 'default' }, ...more }) as SessionSpec;

for (const [name, given, argv, promptOnStdin] of [
  ['amplihack', { prompt: 'do it' }, ['amplihack', 'claude', '--auto', '--max-turns', '10', '--', '-p', 'do it'], false],
  [
    'amplihack in another mode',
    { prompt: 'do it', mode: 'ultrathink', maxTurns: 20 },
    ['amplihack', 'claude', '--auto', '--max-turns', '20', '--', '-p', '/amplihack:ultrathink do it'],
    false,
  ],
  [
    'claude',
    { agent: 'claude', prompt: 'p', maxTurns: 3 },
    ['claude', '-p', '--max-turns', '3', '--output-format', 'stream-json', '--verbose'],
    true,
  ],
  ['codex', { agent: 'codex', prompt: 'p' }, ['codex', 'exec', '--sandbox', 'workspace-write'], true],
  ['copilot', { agent: 'copilot', prompt: '-p; $(x)' }, ['copilot', '-p', '-p; $(x)', '--allow-all-tools'], false],
  ["a command of one's own", { command: ['bash', '-c', 'x'], prompt: 'p' }, ['bash', '-c', 'x'], false],
] as const)
  test(name, () => assert.equal(commandLine(spec(given)), { argv, promptOnStdin }));

test('what is not said is amplihack, auto, 10', () => assert.equal(launchOf(spec({})), { agent: 'amplihack', mode: 'auto', maxTurns: 10 }));

test('a session without a prompt gives an empty one', () => assert.is(commandLine(spec({ agent: 'copilot' })).argv[2], ''));

test.run();
