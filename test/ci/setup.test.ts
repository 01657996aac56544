// The set-up script on machines that lack something, made of a PATH that holds only what the machine is to have.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const repository = resolve(import.meta.dirname, '..', '..');
const shellTools = ['sh', 'dirname', 'cmp', 'cp', 'find', 'head', 'cat', 'touch', 'mkdir'];
const everything = { tmux: '', git: '', python3: '', jq: '', watch: '', sshd: '' };
const npm =
  'echo "npm $*" >> npm.log; mkdir -p node_modules/.bin; printf "#!/bin/sh\\nmkdir -p dist; touch dist/berth.mjs; chmod +x dist/berth.mjs; echo built >> npm.log\\n" > node_modules/.bin/node; chmod +x node_modules/.bin/node';

const test = suite('set-up');

test('names what is missing and the command that installs it, where it may not install it itself', () => {
  onMachine({ git: '', python3: '', jq: '', sshd: '', id: 'echo 1000', npm }, ({ setUp, log }) => {
    const { code, stderr } = setUp();
    assert.is(code, 1);
    assert.match(
      stderr,
      'Berth needs these packages of your system: tmux. Install them (Debian, Ubuntu: sudo apt-get install tmux procps)',
    );
    assert.is(log(), '');
  });
});

test('goes on without what only some tests need, and says so', () => {
  onMachine({ tmux: '', git: '', python3: '', watch: '', sshd: '', id: 'echo 1000', npm }, ({ setUp }) => {
    const { code, stderr } = setUp();
    assert.is(code, 0);
    assert.match(stderr, 'tests that need these packages will be skipped: jq');
  });
});

test('installs what is missing as root, updating the package lists once', () => {
  const apt = 'echo "apt-get $*" >> npm.log; case "$*" in *install*) : > "$BIN/tmux"; chmod +x "$BIN/tmux";; esac';
  const { tmux: _, ...rest } = everything;
  onMachine({ ...rest, id: 'echo 0', 'apt-get': apt, npm }, ({ setUp, log }) => {
    assert.is(setUp().code, 0);
    assert.match(log(), /^apt-get -qq update\napt-get -qq -y install --no-install-recommends tmux\nnpm ci/);
  });
});

test('installs and builds once, and does nothing the second time', () => {
  onMachine({ ...everything, npm }, ({ setUp, log }) => {
    assert.is(setUp().code, 0);
    assert.is(log(), 'npm ci\nbuilt\n');
    assert.equal(setUp(), { code: 0, stderr: '' });
    assert.is(log(), 'npm ci\nbuilt\n');
  });
});

test('updates node_modules in place when the lock file has changed', () => {
  onMachine({ ...everything, npm }, ({ setUp, log, root }) => {
    setUp();
    writeFileSync(join(root, 'package-lock.json'), '{"changed":true}');
    assert.is(setUp('--no-build').code, 0);
    assert.is(log(), 'npm ci\nbuilt\nnpm install --no-save\n');
  });
});

test.run();

interface Machine {
  readonly root: string;
  setUp(...args: readonly string[]): { readonly code: number | null; readonly stderr: string };
  /** What npm, apt-get and the build were called for. */
  log(): string;
}

function onMachine(programs: Readonly<Record<string, string>>, body: (machine: Machine) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'setup-'));
  const bin = join(root, 'bin');
  try {
    for (const folder of ['bin', '.ci', 'cli', 'controller', 'crds']) mkdirSync(join(root, folder));
    cpSync(join(repository, '.ci/setup'), join(root, '.ci/setup'));
    for (const file of ['.ci/build.ts', 'package-lock.json']) writeFileSync(join(root, file), '{}');
    for (const tool of [...shellTools, 'chmod']) symlinkSync(found(tool), join(bin, tool));
    for (const [name, script] of Object.entries(programs)) {
      rmSync(join(bin, name), { force: true });
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    body({ root, setUp: (...args) => setUp(root, bin, args), log: () => read(join(root, 'npm.log')) });
  } finally {
    rmSync(root, { recursive: true });
  }
}

function setUp(root: string, bin: string, args: readonly string[]) {
  const { status, stderr } = spawnSync(join(bin, 'sh'), ['.ci/setup', ...args], {
    cwd: root,
    env: { PATH: bin, BIN: bin },
    encoding: 'utf8',
  });
  return { code: status, stderr: stderr.replace('set-up: installing npm packages (about half a minute)\n', '') };
}

function found(tool: string): string {
  const path = ['/bin', '/usr/bin', '/usr/local/bin'].map((folder) => join(folder, tool)).find(existsSync);
  if (path === undefined) throw new Error(`this machine has no ${tool} in /bin, /usr/bin or /usr/local/bin`);
  return path;
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
