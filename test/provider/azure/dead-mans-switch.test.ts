// The switch itself, run as a machine runs it: a real script, real locks, and a stand-in for Azure's two addresses.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadMansSwitchScript } from '../../../controller/provider/azure/dead-mans-switch.ts';

const test = suite('azure provider: dead-man’s switch');
const run = promisify(execFile);

interface Machine {
  readonly folder: string;
  /** What it is told of Azure. */
  readonly azure: Readonly<Record<'tokenURL' | 'method' | 'url', string>>;
  /** What Azure was asked, in order. */
  readonly asked: readonly string[];
  /** How long ago a controller was heard; undefined: never. */
  heard(secondsAgo: number | undefined): void;
  /** Runs the switch once; what it says. */
  look(config?: Readonly<Record<string, unknown>>): Promise<string>;
}

const onMachine = async (use: (machine: Machine) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-switch-'));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push([request.method, request.url, request.headers.metadata ?? request.headers.authorization].join(' '));
    response.writeHead(request.url === '/broken' ? 500 : 200).end(JSON.stringify({ access_token: 'token-1' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const script = join(folder, 'switch');
  const heartbeat = join(folder, 'heartbeat');
  writeFileSync(script, deadMansSwitchScript());
  mkdirSync(join(folder, 'runs', 'uid-1.1'), { recursive: true });
  writeFileSync(join(folder, 'runs', 'uid-1.1', 'lock'), '');
  const azure = { tokenURL: `${base}/token`, method: 'POST', url: `${base}/vm/deallocate` };
  try {
    await use({
      folder,
      azure,
      asked,
      heard: (secondsAgo) => {
        rmSync(heartbeat, { force: true });
        if (secondsAgo === undefined) return;
        writeFileSync(heartbeat, '');
        const at = Date.now() / 1000 - secondsAgo;
        utimesSync(heartbeat, at, at);
      },
      look: async (config = azure) => {
        const file = join(folder, 'config.json');
        writeFileSync(file, JSON.stringify({ idleSeconds: 30, maxSeconds: 60, heartbeat, runs: join(folder, 'runs'), ...config }));
        const proxies = { http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' };
        const { stdout } = await run('python3', [script, file], { env: { ...process.env, ...proxies } });
        return stdout.trim();
      },
    });
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
};

const withSession = async ({ folder }: Machine, use: () => Promise<void>): Promise<void> => {
  const hold = 'import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); sys.stdin.read()';
  const supervisor = spawn('python3', ['-c', hold, join(folder, 'runs', 'uid-1.1', 'lock')], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(supervisor.stdout, 'data');
  try {
    await use();
  } finally {
    supervisor.stdin.end();
    await once(supervisor, 'exit');
  }
};

test('a machine that hears its controller goes on', () =>
  onMachine(async (machine) => {
    machine.heard(1);
    assert.match(await machine.look(), /^a controller was heard \d+ s ago$/);
    assert.equal(machine.asked, []);
  }));

test('an idle machine that does not is deallocated, with a token of its own identity, past any proxy', () =>
  onMachine(async (machine) => {
    machine.heard(40);
    assert.match(await machine.look(), /^no controller for \d+ s: this machine deallocates itself$/);
    assert.equal(machine.asked, ['GET /token true', 'POST /vm/deallocate Bearer token-1']);
  }));

test('a busy machine finishes its session first, but not for ever', () =>
  onMachine(async (machine) => {
    machine.heard(40);
    await withSession(machine, async () => {
      assert.match(await machine.look(), /a session still runs$/);
      assert.equal(machine.asked, []);
      machine.heard(70);
      assert.match(await machine.look(), /deallocates itself$/);
    });
    assert.is(machine.asked.length, 2);
  }));

test('a machine that never heard one counts from its start', () =>
  onMachine(async (machine) => {
    machine.heard(undefined);
    assert.match(await machine.look(), /deallocates itself$/);
    assert.match(await machine.look({ idleSeconds: 2 ** 40, maxSeconds: 2 ** 41 }), /was heard/);
  }));

test('a heartbeat from before the machine started, or from the future, is no silence longer than it is up', () =>
  onMachine(async (machine) => {
    machine.heard(2 ** 31);
    assert.match(await machine.look({ idleSeconds: 2 ** 30, maxSeconds: 2 ** 30 }), /was heard/);
    machine.heard(-1000);
    assert.match(await machine.look(), 'a controller was heard 0 s ago');
  }));

test('without an identity it says that it can do nothing', () =>
  onMachine(async (machine) => {
    machine.heard(40);
    assert.match(await machine.look({}), /without an identity this machine can not deallocate itself$/);
  }));

test('one whose disk is its own deletes itself', () =>
  onMachine(async (machine) => {
    machine.heard(40);
    await machine.look({ ...machine.azure, method: 'DELETE' });
    assert.equal(machine.asked, ['GET /token true', 'DELETE /vm/deallocate Bearer token-1']);
  }));

test('a refusal of Azure is a failed unit, tried again a minute later', () =>
  onMachine(async (machine) => {
    machine.heard(40);
    const failed = await machine
      .look({ ...machine.azure, url: machine.azure.url.replace('/vm/deallocate', '/broken') })
      .catch((error) => error);
    assert.match(String(failed), 'HTTP Error 500');
    assert.is(machine.asked.length, 2);
  }));

test.run();
