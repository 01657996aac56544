// How runs end that do not end by themselves: stopped, past their deadline, or with their supervisor, tmux or controller gone.
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openVMWorld, processesWith, until, type VMWorld } from './vm-world.ts';

const run = promisify(execFile);
const test = suite('the end of a run');
let world: VMWorld;
test.before(async () => {
  world = await openVMWorld();
});
test.after(() => world.close());

const signal = () => AbortSignal.timeout(20_000);
/** A stream that was killed before leaves its name behind until the next one sweeps. */
const killIfThere = (pid: number) => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};
/** Ignores SIGTERM and SIGHUP, has a daemon in a session of its own with a grandchild, and a child in another group. */
const STUBBORN = `trap "" TERM HUP
setsid bash -c 'trap "" TERM HUP; (trap "" TERM HUP; sleep 1000) & disown; while :; do sleep 1; done' &
(setsid bash -c 'trap "" TERM HUP; sleep 1001; sleep 1002' &) &
set -m; (trap "" TERM; sleep 1003; sleep 1004) &
echo ready; while :; do sleep 1; done`;
const mark = (uid: string) => `BERTH_SESSION_UID=${uid}\0`;
const said = (uid: string, text: string) => until(() => (world.facts(uid)?.copied.tail.includes(text) ? true : undefined));

test('a graceful stop ends a whole stubborn tree within 12 s and leaves siblings alone', async () => {
  const sibling = await world.launch('echo ready; sleep 1000');
  const uid = await world.launch(STUBBORN);
  await said(uid, 'ready');
  await until(async () => ((await processesWith(mark(uid))).length >= 6 ? true : undefined));
  const began = Date.now();
  await world.host().stop({ uid, attempt: 1 }, 'Graceful', signal());
  const { exit } = await world.ended(uid);
  assert.ok(Date.now() - began < 12_500, `${Date.now() - began} ms`);
  assert.is(exit.signal, 9);
  assert.equal(await processesWith(mark(uid)), []);
  assert.ok((await processesWith(mark(sibling))).length > 0);
  assert.is(world.facts(sibling)?.state, 'running');
});

test('an immediate stop ends it at once, also after a graceful one', async () => {
  const uid = await world.launch(STUBBORN);
  await said(uid, 'ready');
  const began = Date.now();
  await world.host().stop({ uid, attempt: 1 }, 'Graceful', signal());
  await world.host().stop({ uid, attempt: 1 }, 'Immediate', signal());
  await world.ended(uid);
  assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
  assert.equal(await processesWith(mark(uid)), []);
});

test('a stop that is written down in the very moment of the end comes too late', async () => {
  const uid = await world.launch('exit 7');
  await world.ended(uid);
  await writeFile(world.file(uid, 'stop.json'), '{"mode": "Graceful"}');
  world.hosts.close('vm');
  world.hosts.open('vm', world.machine, world.shell);
  const { exit, stopping } = await world.ended(uid);
  assert.equal([exit.code, stopping], [7, undefined]);
});

test('a program that heeds SIGTERM ends with its own code', async () => {
  const uid = await world.launch('trap "echo tidy; exit 7" TERM; echo ready; while :; do sleep 0.1; done');
  await said(uid, 'ready');
  await world.host().stop({ uid, attempt: 1 }, 'Graceful', signal());
  const { exit, copied } = await world.ended(uid);
  assert.equal([exit.cause, exit.code], ['exited', 7]);
  assert.match(copied.tail, 'tidy');
});

test('a run that nobody knows counts as stopped', () => world.host().stop({ uid: 'nobody', attempt: 1 }, 'Graceful', signal()));

test('the deadline is kept on the VM', async () => {
  const uid = await world.launch('sleep 1000', { deadline: Math.floor(Date.now() / 1000) + 5 });
  const { exit } = await world.ended(uid);
  assert.equal([exit.cause, exit.signal], ['deadline', 15]);
});

test('a deadline may be brought forward, and is told among the facts', async () => {
  const far = Math.floor(Date.now() / 1000) + 3600;
  const uid = await world.launch('sleep 1000', { deadline: far });
  await until(() => (world.facts(uid)?.state === 'running' && world.facts(uid)?.deadline === far ? true : undefined));
  await world.host().setDeadline({ uid, attempt: 1 }, far - 3600, signal());
  const { exit } = await world.ended(uid);
  assert.is(exit.cause, 'deadline');
});

test('a deadline may be taken away', async () => {
  const uid = await world.launch('sleep 1000', { deadline: Math.floor(Date.now() / 1000) + 3600 });
  await world.host().setDeadline({ uid, attempt: 1 }, undefined, signal());
  await until(() => (world.facts(uid) && world.facts(uid)?.deadline === undefined ? true : undefined));
});

test('a run is lost with its supervisor, and what it left running is ended', async () => {
  const uid = await world.launch(STUBBORN);
  await said(uid, 'ready');
  const { supervisor } = JSON.parse(await readFile(world.file(uid, 'started.json'), 'utf8'));
  process.kill(supervisor, 'SIGKILL');
  const { exit } = await world.ended(uid);
  assert.equal([exit.cause, exit.code, exit.message], ['lost', undefined, 'the supervisor of the run was killed']);
  assert.equal(await processesWith(mark(uid)), []);
  await world.host().launch(world.spec(uid, 'echo again'), signal());
  assert.is(world.facts(uid)?.exit?.cause, 'lost');
});

test('a run goes on without its tmux server, to its true end', async () => {
  const uid = await world.launch('echo ready; sleep 2; echo after; exit 9');
  await said(uid, 'ready');
  const { supervisor } = JSON.parse(await readFile(world.file(uid, 'started.json'), 'utf8'));
  const tmux = Number((await readFile(`/proc/${supervisor}/stat`, 'utf8')).split(' ')[3]);
  process.kill(tmux, 'SIGKILL');
  const { exit } = await world.ended(uid);
  assert.is(exit.code, 9);
  assert.is((await world.log(uid)).toString(), 'ready\nafter\n');
});

test('runs go on when the controller dies, and are adopted', async () => {
  const controller = `
    import { localShell } from '${join(import.meta.dirname, '../../controller/shell/local.ts')}';
    import { openLogStore } from '${join(import.meta.dirname, '../../controller/output/open-log-store.ts')}';
    import { createHosts } from '${join(import.meta.dirname, '../../controller/session/create-hosts.ts')}';
    import { systemClock } from '${join(import.meta.dirname, '../../controller/runtime/clock.ts')}';
    const hosts = createHosts({ logs: openLogStore({ root: process.argv[1] + '/other-logs' }), clock: systemClock, random: () => 0, onError: () => {} });
    hosts.open('vm', ${JSON.stringify(world.machine)}, () => localShell({ BERTH_HOME: process.argv[1] + '/vm' }, process.env));
    setInterval(async () => {
      if (hosts.get('vm').facts().state !== 'reachable') return;
      await hosts.get('vm').launch(${JSON.stringify(world.spec('adopted', 'for i in {1..30}; do echo $i; sleep 0.05; done; exit 6'))}, AbortSignal.timeout(9000));
      process.kill(process.pid, 'SIGKILL');
    }, 10);`;
  await run(process.execPath, ['--input-type=module', '-e', controller, world.root]).catch(() => undefined);
  const { exit } = await world.ended('adopted');
  assert.is(exit.code, 6);
  assert.is((await world.log('adopted')).toString(), Array.from({ length: 30 }, (_, at) => `${at + 1}\n`).join(''));
  await until(async () => ((await readdir(join(world.home, 'streams'))).length === 1 ? true : undefined));
});

test('a lost stream is opened again, and the copy is identical to the byte', async () => {
  const uid = await world.launch('for i in {1..80}; do head -c 100000 /dev/urandom; sleep 0.02; done | tee all');
  for (let cut = 0; cut < 6; cut++) {
    const before = world.facts(uid)?.copied.bytes ?? 0;
    await until(() => ((world.facts(uid)?.copied.bytes ?? 0) > before || world.facts(uid)?.exit ? true : undefined));
    for (const name of await readdir(join(world.home, 'streams'))) killIfThere(Number.parseInt(name, 10));
  }
  const { logBytes } = await world.ended(uid);
  assert.is(logBytes, 8_000_000);
  assert.ok((await world.log(uid)).equals(await readFile(world.file(uid, 'workspace/all'))));
});

test('a VM that does not answer is unreachable until it does', async () => {
  const states: string[] = [];
  const other = await openVMWorld({ PATH: '/nowhere' });
  await until(() => {
    states.push(other.host().facts().state);
    return other.host().facts().state === 'unreachable' ? true : undefined;
  });
  assert.is(states[0], 'connecting');
  assert.match(other.host().facts().message ?? '', 'python3: not found');
  let refused: unknown;
  await other
    .host()
    .stop({ uid: 'x', attempt: 1 }, 'Graceful', signal())
    .catch((error: unknown) => {
      refused = error;
    });
  assert.match(String(refused), 'not reachable');
  other.hosts.close('vm');
  await rm(other.root, { recursive: true, force: true });
});

test.run();
