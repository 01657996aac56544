import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runTests } from './run-tests.ts';

const repository = resolve(import.meta.dirname, '..', '..');
const header = "import { suite } from 'uvu';\nimport * as assert from 'uvu/assert';\nconst test = suite('a suite');\n";
const good = `${header}test('adds', () => assert.is(1 + 1, 2));\ntest.run();\n`;

const test = suite('the test runner');

test('passes a good file and ends with the counts', () => {
  const { code, output, lastLine } = run({ 'test/a.test.ts': good, 'test/deep/b.test.ts': good });
  assert.is(lastLine, '2 passed, 0 failed, 0 skipped');
  assert.match(output, /ok {3}test\/deep\/b\.test\.ts {2}1 passed {2}\d+\.\d s/);
  assert.is(code, 0);
});

test('runs only the files whose path contains an argument', () => {
  const { lastLine } = run({ 'test/a.test.ts': good, 'test/deep/b.test.ts': good }, ['deep']);
  assert.is(lastLine, '1 passed, 0 failed, 0 skipped');
});

test('fails when no file matches', () => {
  const { code, output, lastLine } = run({ 'test/a.test.ts': good }, ['nowhere']);
  assert.match(output, 'no test file matches: nowhere');
  assert.is(lastLine, '0 passed, 1 failed, 0 skipped');
  assert.is(code, 1);
});

test('shows the whole output of a failed file and of no other', () => {
  const bad = `${header}console.log('seen');\ntest('adds', () => assert.is(1 + 1, 3));\ntest('holds', () => {});\ntest.run();\n`;
  const { code, output, lastLine } = run({ 'test/a.test.ts': bad, 'test/b.test.ts': `console.log('unseen');\n${good}` });
  assert.match(output, 'seen');
  assert.match(output, 'Expected values to be strictly equal');
  assert.not.match(output, 'unseen');
  assert.is(lastLine, '2 passed, 1 failed, 0 skipped');
  assert.is(code, 1);
});

test('names what was skipped and why', () => {
  const skipping = `import { skip } from '${repository}/test/runner/skip.ts';\nskip('renders a code', 'qrencode is not installed');\n${good}`;
  const { code, output, lastLine } = run({ 'test/a.test.ts': skipping });
  assert.match(output, 'skipped: test/a.test.ts: renders a code (qrencode is not installed)');
  assert.is(lastLine, '1 passed, 0 failed, 1 skipped');
  assert.is(code, 0);
});

const misbehaviours: readonly (readonly [name: string, source: string, says: string])[] = [
  ['a suite that is never run', `${header}test('adds', () => {});\n`, 'no suite ran to its end'],
  [
    'one of two suites that is never run',
    `${good}const other = suite('other');\nother('adds', () => {});\n`,
    '2 suites are declared but .run() is called 1 times',
  ],
  [
    'a throw in before',
    `${header}test.before(() => { throw new Error('no'); });\ntest('adds', () => {});\ntest.run();\n`,
    '1 of 1 tests failed or never ran',
  ],
  [
    'a throw in after',
    `${header}test.after(() => { throw new Error('no'); });\ntest('adds', () => {});\ntest.run();\n`,
    'exited with code 1',
  ],
  ['a thrown string', `${header}test('adds', () => { throw 'no'; });\ntest.run();\n`, '1 of 1 tests failed or never ran'],
  ['no tests at all', `${header}test.run();\n`, 'has no tests'],
  ['a promise that never settles', `${header}test('waits', () => new Promise(() => {}));\ntest.run();\n`, 'exited with code'],
  ['an early exit with code 0', `${header}test('adds', () => process.exit(0));\ntest.run();\n`, 'no suite ran to its end'],
  [
    'a test left out without a reason',
    `${header}test('adds', () => {});\ntest.skip('rests', () => {});\ntest.run();\n`,
    'left out without a reason',
  ],
  ['a forgotten .only', `${header}test.only('adds', () => {});\ntest('rests', () => {});\ntest.run();\n`, '.only leaves the other tests'],
  ['a syntax error', `${good}const = 1;\n`, 'exited with code 1'],
  ['an endless loop', `${header}test('spins', () => { for (;;); });\ntest.run();\n`, 'did not end within 2 s'],
  ['a crash', `${header}test('dies', () => process.kill(process.pid, 'SIGKILL'));\ntest.run();\n`, 'was killed by SIGKILL'],
];
for (const [name, source, says] of misbehaviours) {
  test(`fails ${name}`, () => {
    const { code, output, lastLine } = run({ 'test/a.test.ts': source }, ['--timeout', '2']);
    assert.match(output, says);
    assert.match(lastLine, /^\d passed, 1 failed, 0 skipped$/);
    assert.is(code, 1);
  });
}

test('runs what failed once more where it is told to, and names what passes only then', () => {
  const fickle = `import { existsSync, writeFileSync } from 'node:fs';\n${header}test('learns', () => { const knew = existsSync('seen'); writeFileSync('seen', ''); if (!knew) throw new Error('first time'); });\ntest.run();\n`;
  const again = run({ 'test/a.test.ts': fickle, 'test/b.test.ts': good }, ['--again']);
  assert.match(again.output, /first time.*unsteady: test\/a\.test\.ts: passed when run again, alone/s);
  assert.is(again.lastLine, '2 passed, 0 failed, 0 skipped');
  const broken = `${header}test('fails', () => { throw new Error('always'); });\ntest.run();\n`;
  assert.is(run({ 'test/a.test.ts': broken }, ['--again']).lastLine, '0 passed, 1 failed, 0 skipped');
});

test('hands on what it said of failures, and nothing where there were none', async () => {
  const broken = `${header}test('fails', () => { throw new Error('always'); });\ntest.run();\n`;
  const failed = await inProject({ 'test/a.test.ts': broken, 'test/b.test.ts': good }, (root) => runTests(['--root', root]));
  assert.match(failed.failures, /^──── test\/a\.test\.ts\n.*always/s);
  assert.is(failed.failed, 1);
  const nothing = await inProject({ 'test/a.test.ts': good }, (root) => runTests(['--root', root, 'nowhere']));
  assert.is(nothing.failures, '──── no test file matches: nowhere\n');
  assert.is((await inProject({ 'test/a.test.ts': good }, (root) => runTests(['--root', root]))).failures, '');
});

test('ends the whole process group of a file that runs out of time', () => {
  const source = `import { spawn } from 'node:child_process';\n${header}test('waits', () => new Promise((done) => spawn('sleep', ['4711']).on('exit', done)));\ntest.run();\n`;
  const { output } = run({ 'test/a.test.ts': source }, ['--timeout', '1']);
  assert.match(output, 'did not end within 1 s');
  assert.not.match(output, 'left a process behind');
});

test('fails a file that leaves a process behind, and ends that process', () => {
  const source = `import { spawn } from 'node:child_process';\n${header}test('starts', () => { const child = spawn('sleep', ['4712'], { detached: true, stdio: 'inherit' }); child.unref(); console.log('pid ' + child.pid + ';'); });\ntest.run();\n`;
  const { code, output } = run({ 'test/a.test.ts': source });
  assert.match(output, 'left a process behind: sleep 4712');
  assert.is(code, 1);
  const pid = Number(/pid (\d+);/.exec(output)?.[1]);
  assert.is(commandLine(pid), '');
});

test('gives each file a home and a temp directory of its own', () => {
  const source = `${header}import { homedir, tmpdir } from 'node:os';\ntest('is apart', () => { assert.not.equal(homedir(), '${tmpdir()}'); assert.match(homedir(), tmpdir().replace(/tmp$/, 'home')); });\ntest.run();\n`;
  assert.is(run({ 'test/a.test.ts': source }).code, 0);
});

const covering = `import { decide } from '../controller/reconcilers/pool/decide.ts';\nimport { act } from '../controller/reconcilers/pool/act.ts';\n${header}test('decides', () => assert.is(decide(1), 'one'));\ntest('acts', act);\ntest.run();\n`;
const decide =
  "import type { X } from './model.ts';\n\nexport function decide(n: number): X {\n  if (n === 1) return 'one';\n  return 'many';\n}\n";
const act =
  "import { spawnSync } from 'node:child_process';\nexport function act(): void {\n  spawnSync(process.execPath, ['cli/child.ts'], { cwd: '.' });\n}\n";
const covered = {
  'test/a.test.ts': covering,
  'controller/reconcilers/pool/decide.ts': decide.replace("  return 'many';\n", '').replace('if (n === 1) ', ''),
  'controller/reconcilers/pool/act.ts': act,
  'controller/reconcilers/pool/model.ts': '/** A word. */\nexport type X = string;\n',
  'cli/child.ts': 'export const answer = 42;\n',
};

test('counts what child processes ran, and no files of types alone', () => {
  const { output, lastLine } = run(covered, ['--coverage']);
  assert.match(output, 'coverage: 100.0 % of lines, 100.0 % of branches, 100.0 % of functions, 100.0 % of statements');
  assert.is(lastLine, '2 passed, 0 failed, 0 skipped');
});

test('fails a pure file of which a line or a branch is not covered, and names the line', () => {
  const { code, output } = run({ ...covered, 'controller/reconcilers/pool/decide.ts': decide }, ['--coverage']);
  assert.match(output, /coverage of controller\/reconcilers\/pool\/decide\.ts, a pure file: .* 100 % wanted: lines 5\n/);
  assert.is(code, 1);
});

test('fails when less than 95 % of everything is covered', () => {
  const unused = 'export function unused(n: number): number {\n  const next = n + 1;\n  return next * 2;\n}\n';
  const { code, output } = run({ ...covered, 'controller/main.ts': unused }, ['--coverage']);
  assert.match(output, /coverage of controller\/ and cli\/ together: .* 95 % wanted\n/);
  assert.is(code, 1);
});

test.run();

/** Empty for a process that is gone and for one that nobody has waited for yet. */
function commandLine(pid: number): string {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Runs the runner on a project that holds only these files. */
function run(files: Readonly<Record<string, string>>, args: readonly string[] = []) {
  return inProject(files, (root) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, 'test/run.ts'), '--root', root, ...args], {
      encoding: 'utf8',
    });
    return { code: status, output: stdout + stderr, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' };
  });
}

function inProject<T>(files: Readonly<Record<string, string>>, use: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'runner-'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  for (const name of ['biome.json', '.c8rc.json']) cpSync(join(repository, name), join(root, name));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return use(root);
}
