import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const repository = resolve(import.meta.dirname, '..', '..');
const asset =
  "import { readFileSync } from 'node:fs';\nexport const greeting = readFileSync(new URL('./vm/greeting.txt', import.meta.url), 'utf8');\n";
const greeting = {
  'cli/main.ts': "void import('../controller/session/greet.ts').then(({ greeting }) => console.log(greeting, process.argv[2]));\n",
  'controller/session/greet.ts': asset,
  'controller/session/vm/greeting.txt': 'hello',
};

const test = suite('the build');

test('makes an executable that finds its assets, wherever it is called from', () => {
  inProject(greeting, (root) => {
    assert.is(build(root).code, 0);
    const { stdout } = spawnSync(join(root, 'dist/berth.mjs'), ['you'], { cwd: '/', encoding: 'utf8' });
    assert.is(stdout, 'hello you\n');
  });
});

test('starts through a link, as npm installs it', () => {
  inProject(greeting, (root) => {
    build(root);
    symlinkSync(join(root, 'dist/berth.mjs'), join(root, 'berth'));
    const { stdout } = spawnSync(join(root, 'berth'), ['you'], { encoding: 'utf8' });
    assert.is(stdout, 'hello you\n');
  });
});

test('removes the files of an earlier build', () => {
  inProject({ ...greeting, 'dist/old-ABCDEFGH.mjs': '' }, (root) => {
    assert.is(build(root).code, 0);
    assert.not.ok(existsSync(join(root, 'dist/old-ABCDEFGH.mjs')));
  });
});

const misuses: readonly (readonly [line: string, says: string])[] = [
  ['console.log(import.meta.dirname);', 'import.meta.dirname is another place in dist/'],
  ["void import('yaml').then(console.log);", "import('yaml') loses the names"],
];
for (const [line, says] of misuses) {
  test(`refuses ${line}`, () => {
    inProject({ 'cli/main.ts': `${line}\n` }, (root) => {
      const { code, stderr } = build(root);
      assert.is(code, 1);
      assert.match(stderr, `cli/main.ts: ${says}`);
    });
  });
}

test.run();

function inProject(files: Readonly<Record<string, string>>, body: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'build-'));
  try {
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    for (const path of ['.ci/build.ts', 'cli/bin.ts', 'package.json']) cpSync(join(repository, path), join(root, path));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    body(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function build(root: string) {
  const { status, stderr } = spawnSync(process.execPath, ['.ci/build.ts'], { cwd: root, encoding: 'utf8' });
  return { code: status, stderr };
}
