// A pool of hosts over SSH, end to end: a real controller process, real OpenSSH servers, the command line at a terminal.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findCondition, isTrue } from '../../controller/api/condition.ts';
import type { VMPoolSpec } from '../../controller/api/types.generated.ts';
import { outage } from '../fakes/outage.ts';
import { noSSHD, type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { skip } from '../runner/skip.ts';
import { until } from '../session/vm-world.ts';
import { openRealWorld, type RealWorld } from './real-world.ts';
import { openTerminal } from './terminal.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const PATIENCE_MS = 60_000;

const poolOf = (server: SSHServer, hostKey: string): VMPoolSpec => ({
  provider: {
    type: 'SSH',
    ssh: {
      credentials: { secretRef: { name: 'machines' } },
      hosts: [{ name: 'lab-1', address: '127.0.0.1', port: server.port, user: server.user, hostKey }],
    },
  },
  sizes: [{ name: 'l' }],
});

const declare = (): void => {
  const test = suite('a pool over SSH, end to end');
  let world: RealWorld;
  let server: SSHServer;
  let controller: ChildProcess;
  test.before(async () => {
    world = await openRealWorld('sources');
    server = await startSSHD({ env: { HOME: join(world.root, 'home') } });
    await mkdir(join(world.root, 'home'));
    await world.client.setSecret({ namespace: 'default', name: 'machines' }, { 'ssh-privatekey': server.client.text });
    controller = world.startController();
  });
  test.after(async () => {
    await world.close();
    await server.close();
  });
  const started = (name: string) =>
    until(async () => (isTrue((await world.session(name))?.status?.conditions, 'Started') ? true : undefined), PATIENCE_MS);
  const waitReason = (name: string, wanted: string) =>
    until(async () => {
      const found = findCondition((await world.session(name))?.status?.conditions, 'Ready');
      return found?.reason === wanted ? found : undefined;
    }, PATIENCE_MS);

  test('a host with another key than the one written down is said to be so, and serves once it is corrected', async () => {
    const impostor = await startSSHD();
    await world.apply('VMPool', 'lab', poolOf(server, impostor.hostKey()));
    await world.apply('Session', 'one', {
      command: ['sh', '-c', 'echo "$NAME"; exit 3'],
      env: [{ name: 'NAME', value: 'over ssh' }],
      poolRef: { name: 'lab' },
    });
    const wait = await waitReason('one', 'HostKeyMismatch');
    assert.match(wait.message, /^VM lab-0: .* shows another host key than the one expected/);
    const vm = await world.client.get('VM', { namespace: 'default', name: 'lab-0' });
    const ready = findCondition(vm?.status?.conditions, 'Ready');
    assert.equal([ready?.status, ready?.reason], ['False', 'HostKeyMismatch']);
    assert.not.match(server.log(), /authenticating user|Accepted/);
    await world.apply('VMPool', 'lab', poolOf(server, server.hostKey()));
    const { status } = await world.finished('one', PATIENCE_MS);
    assert.equal([status?.phase, status?.exitCode, status?.vm?.name], ['Failed', 3, 'lab-0']);
    assert.is(String(await world.output('output', 'one', '--raw', '--no-up')), 'over ssh\n');
    await impostor.close();
  });

  /** Prints numbers up to 200,000, most of them once the file is there. */
  const startCounting = async (name: string, go: string): Promise<void> => {
    await world.apply('Session', name, {
      command: ['sh', '-c', `seq 1 1000; until test -e '${go}'; do sleep 0.05; done; seq 1001 200000; exit 3`],
      poolRef: { name: 'lab' },
    });
    await started(name);
  };
  const isFinished = async (name: string): Promise<boolean> => isTrue((await world.session(name))?.status?.conditions, 'Finished');
  /** With its own exit code, and every byte. */
  const endsWhole = async (name: string): Promise<void> => {
    assert.is((await world.finished(name, PATIENCE_MS)).status?.exitCode, 3);
    const wanted = Array.from({ length: 200_000 }, (_, at) => `${at + 1}\n`).join('');
    assert.ok(String(await world.output('output', name, '--raw', '--no-up')) === wanted);
  };

  test('a session on a host out of reach is not taken for ended, and is whole when it is back', async () => {
    const go = join(world.root, 'go-far');
    await startCounting('away', go);
    await server.kill();
    await waitReason('away', 'VMUnreachable');
    await writeFile(go, '');
    await outage(async () => assert.not.ok(await isFinished('away')));
    await server.start();
    await endsWhole('away');
  });

  test('a controller that sleeps for a while neither ends a session nor loses a byte', async () => {
    const go = join(world.root, 'go');
    await startCounting('two', go);
    controller.kill('SIGSTOP');
    await writeFile(go, '');
    const uid = (await world.session('two'))?.metadata.uid ?? '';
    const vm = (await world.session('two'))?.status?.vm?.uid;
    const exit = join(world.root, 'home', '.berth', `vm-${vm}`, 'runs', `${uid}.1`, 'exit.json');
    await until(() => existsSync(exit) || undefined, PATIENCE_MS);
    await outage(async () => assert.not.ok(await isFinished('two')));
    controller.kill('SIGCONT');
    await endsWhole('two');
  });

  for (const [pool, session] of [
    ['lab', 'far'],
    ['default', 'near'],
  ] as const) {
    test(`attach shows a session of pool ${pool} at a terminal, types into it, and leaves it running`, async () => {
      await world.apply('Session', session, {
        command: ['bash', '-c', 'echo ready; read word; echo "got $word"; read word'],
        poolRef: { name: pool },
      });
      await started(session);
      const folder = join(world.root, `terminal-${session}`);
      await mkdir(folder);
      const env = { PATH: process.env.PATH ?? '', HOME: world.root, BERTH_STORE: `dir:${world.manifests}`, TERM: 'screen' };
      const terminal = await openTerminal({ folder, columns: 100, env, cwd: folder });
      const attach = `${process.execPath} ${MAIN} attach ${session} --state ${world.state}`;
      await terminal.begin(attach);
      await terminal.shows(/ready/);
      await terminal.type('hello');
      await terminal.shows(/got hello/);
      await terminal.press('C-b');
      await terminal.press('d');
      const left = await terminal.prompt();
      assert.is(left.code, 0);
      assert.match(left.screen, /\[detached \(from session berth\)\]/);
      assert.not.ok(isTrue((await world.session(session))?.status?.conditions, 'Finished'));
      await world.output('send', session, 'bye', '--no-up');
      assert.is((await world.finished(session, PATIENCE_MS)).status?.phase, 'Completed');
      const after = await terminal.run(attach);
      assert.is(after.code, 1);
      assert.match(after.screen, new RegExp(`Error: session ${session} has ended \\(completed\\)`));
      await terminal.close();
    });
  }

  test('attach in a pipe says what to use instead', async () => {
    await world.apply('Session', 'piped', { command: ['sleep', '60'], poolRef: { name: 'lab' } });
    await started('piped');
    const child = world.berth('attach', 'piped');
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [code] = await once(child, 'close');
    assert.equal([code, said], [1, "Error: attach needs a terminal\nHint: In a pipe, use 'berth output piped --follow'.\n"]);
    await world.output('kill', 'piped', '--force', '--no-up');
    await world.finished('piped', PATIENCE_MS);
  });

  test.run();
};

if (noSSHD === undefined) declare();
else skip('a pool over SSH, end to end', noSSHD);
