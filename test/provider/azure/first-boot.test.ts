// The script of a first boot, run by the real bash in a folder that stands for a machine, among stand-ins for what it calls.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { firstBootScript } from '../../../controller/provider/azure/first-boot.ts';
import { ON_VM } from '../../../controller/provider/azure/on-vm.ts';

const test = suite('azure provider: first boot');
const run = promisify(execFile);

const REAL =
  'bash timeout mkdir dirname cat grep sed mv chmod uname mktemp readlink install find tar xz gzip sha256sum rm env cp touch sleep'.split(
    ' ',
  );
const PACKAGES = ['tmux', 'git', 'python3', 'curl', 'jq', 'rg', 'xz'];
const AGENTS = ['node', 'npm', 'claude', 'codex', 'copilot', 'amplihack'];

interface Machine {
  readonly root: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** A program of the machine; `body` in bash. */
  program(name: string, body: string): void;
  file(path: string, content: string): void;
  boot(): Promise<void>;
  /** `name state code` of each step, in the order of their names. */
  ledger(): readonly string[];
  marker(): { readonly status: string; readonly bootId: string; readonly ledger: string };
  calls(): readonly string[];
}

const onMachine = async (use: (machine: Machine) => Promise<void>): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'berth-boot-'));
  const bin = join(root, 'bin');
  const tell = (path: string): string => readFileSync(join(root, path), 'utf8');
  const machine: Machine = {
    root,
    script: join(root, 'first-boot'),
    env: { PATH: bin, BERTH_VM_ROOT: root, TMPDIR: join(root, 'tmp') },
    program: (name, body) => {
      rmSync(join(bin, name), { force: true });
      writeFileSync(join(bin, name), `#!${join(bin, 'bash')}\nprintf '%s\\n' "${name} $*" >> ${join(root, 'calls')}\n${body}\n`, {
        mode: 0o755,
      });
    },
    file: (path, content) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    boot: async () => {
      await run(join(bin, 'bash'), [machine.script], { env: machine.env });
    },
    ledger: () =>
      tell(ON_VM.ledger)
        .trim()
        .split('\n')
        .map((line) => line.replaceAll('\t', ' '))
        .toSorted(),
    marker: () => JSON.parse(tell(ON_VM.marker)),
    calls: () => (existsSync(join(root, 'calls')) ? tell('calls').trim().split('\n') : []),
  };
  try {
    for (const folder of ['bin', 'tmp', 'root', 'etc', 'usr/local/bin', 'home/berth']) mkdirSync(join(root, folder), { recursive: true });
    chmodSync(join(root, 'home/berth'), 0o755);
    for (const name of REAL) symlinkSync(execFileSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim(), join(bin, name));
    writeFileSync(machine.script, firstBootScript());
    machine.file('etc/login.defs', 'UMASK 022\n#HOME_MODE\t0750\nHOME_MODE 0755\n');
    for (const name of ['loginctl', 'systemctl', 'systemd-tmpfiles']) machine.program(name, '');
    for (const name of ['curl', 'apt-get', 'npm', 'runuser']) machine.program(name, 'exit 6');
    await use(machine);
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
};

test('a machine whose image has all has nothing to install', () =>
  onMachine(async (machine) => {
    for (const name of [...PACKAGES.filter((one) => one !== 'xz'), ...AGENTS]) machine.program(name, '');
    await machine.boot();
    assert.equal(machine.ledger(), [
      'amplihack skipped 77',
      'claude skipped 77',
      'codex skipped 77',
      'copilot skipped 77',
      'dead-mans-switch ok 0',
      'homes ok 0',
      'linger ok 0',
      'node skipped 77',
      'packages skipped 77',
      'setup skipped 77',
    ]);
    const { status, bootId, ledger } = machine.marker();
    assert.equal([status, ledger], ['ok', join(machine.root, ON_VM.ledger)]);
    assert.match(bootId, /^[0-9a-f-]{36}$/);
    assert.equal(machine.calls().toSorted(), [
      'loginctl enable-linger berth',
      'systemctl daemon-reload',
      'systemctl enable --now berth-dead-mans-switch.timer',
      `systemd-tmpfiles --create ${machine.root}/etc/tmpfiles.d/berth.conf`,
    ]);
  }));

test('homes are private: ours, and those made later', () =>
  onMachine(async (machine) => {
    await machine.boot();
    assert.is(statSync(join(machine.root, 'home/berth')).mode & 0o777, 0o700);
    assert.is(readFileSync(join(machine.root, 'etc/login.defs'), 'utf8'), 'UMASK 022\nHOME_MODE 0700\n');
  }));

test('without a network each step fails by itself, the pool’s script still runs, and the marker is there', () =>
  onMachine(async (machine) => {
    machine.file(ON_VM.setup, 'echo "$PWD" > "$BERTH_VM_ROOT/set-up"');
    await machine.boot();
    assert.equal(machine.ledger(), [
      'amplihack failed 6',
      'claude failed 6',
      'codex failed 6',
      'copilot failed 6',
      'dead-mans-switch ok 0',
      'homes ok 0',
      'linger ok 0',
      'node failed 6',
      'packages failed 6',
      'setup ok 0',
    ]);
    assert.is(machine.marker().status, 'degraded');
    assert.is(readFileSync(join(machine.root, 'set-up'), 'utf8').trim(), join(machine.root, 'root'));
  }));

test('a script of the pool that fails is written down, with its exit code', () =>
  onMachine(async (machine) => {
    machine.file(ON_VM.setup, 'exit 9');
    await machine.boot();
    assert.ok(machine.ledger().includes('setup failed 9'));
  }));

test('a boot that is cut short leaves a marker that says so', () =>
  onMachine(async (machine) => {
    // A step is a group of processes of its own: this one ends with the test.
    machine.program('apt-get', 'while [ -e "$BERTH_VM_ROOT/root" ]; do sleep 0.05; done; exit 1');
    const child = spawn(join(machine.root, 'bin/bash'), [machine.script], { env: machine.env, stdio: 'ignore', detached: true });
    const atPackages = (): boolean => machine.calls().some((call) => call.startsWith('apt-get'));
    const watcher = watch(machine.root);
    while (!atPackages()) await once(watcher, 'change');
    watcher.close();
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await once(child, 'exit');
    assert.is(machine.marker().status, 'interrupted');
    assert.not(machine.ledger().some((line) => line.startsWith('setup')));
  }));

test('node and amplihack are installed from archives whose sums are right', () =>
  onMachine(async (machine) => {
    serve(machine, 'right');
    await machine.boot();
    const ledger = machine.ledger();
    assert.ok(ledger.includes('node ok 0') && ledger.includes('amplihack ok 0'), ledger.join(', '));
    for (const name of ['node', 'amplihack', 'amplihack-hooks']) assert.ok(existsSync(join(machine.root, 'usr/local/bin', name)), name);
    assert.ok(machine.calls().includes(`runuser -u berth -- env HOME=${machine.root}/home/berth amplihack install`));
  }));

test('an archive with a wrong sum is not unpacked', () =>
  onMachine(async (machine) => {
    serve(machine, 'wrong');
    await machine.boot();
    assert.ok(machine.ledger().includes('node failed 1') && machine.ledger().includes('amplihack failed 1'), machine.ledger().join(', '));
    assert.not(existsSync(join(machine.root, 'usr/local/bin/node')) || existsSync(join(machine.root, 'usr/local/bin/amplihack')));
  }));

test("claude comes by its own installer, as our user, and is put where every session's PATH finds it", () =>
  onMachine(async (machine) => {
    serve(machine, 'right');
    machine.program('runuser', `mkdir -p ${machine.root}/home/berth/.local/bin && touch ${machine.root}/home/berth/.local/bin/claude`);
    await machine.boot();
    assert.ok(machine.ledger().includes('claude ok 0'), machine.ledger().join(', '));
    assert.is(statSync(join(machine.root, 'usr/local/bin/claude')).mode & 0o777, 0o755);
  }));

/** A web of three sites: archives, their sums, and an installer. */
const serve = (machine: Machine, sums: 'right' | 'wrong'): void => {
  const arch = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();
  const platform = { x86_64: 'x64', aarch64: 'arm64' }[arch] ?? arch;
  const web = join(machine.root, 'web');
  const archive = (name: string, members: readonly string[], from: string): void => {
    for (const member of members) machine.file(join('web', from, member), '#!/bin/sh\n');
    execFileSync('tar', [
      name.endsWith('.xz') ? '-cJf' : '-czf',
      join(web, name),
      '-C',
      join(web, from),
      ...members.map((member) => member.split('/')[0] ?? ''),
    ]);
    const right = createHash('sha256')
      .update(readFileSync(join(web, name)))
      .digest('hex');
    const sum = sums === 'right' ? right : '0'.repeat(64);
    machine.file(join('web', from === 'node' ? 'SHASUMS256.txt' : `${name}.sha256`), `${sum}  ${name}\n${'1'.repeat(64)}  other.tar.gz\n`);
  };
  mkdirSync(web, { recursive: true });
  archive(`node-v24.0.0-linux-${platform}.tar.xz`, ['node-v24.0.0/bin/node', 'node-v24.0.0/bin/npm'], 'node');
  archive(`amplihack-${arch}-unknown-linux-gnu.tar.gz`, ['amplihack', 'amplihack-hooks'], 'amplihack');
  machine.file('web/install.sh', 'true\n');
  machine.program('runuser', '');
  machine.program(
    'curl',
    `out=; for arg; do last=$arg; done; while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done\ncat "${web}/\${last##*/}" > "\${out:-/dev/stdout}"`,
  );
};

test.run();
