// One run on a VM: what the program gets, what of it is logged, how its end is told. Real tmux, Python and processes.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openVMWorld, processesWith, rejects, until, type VMWorld } from './vm-world.ts';

const test = suite('a run on a VM');
let world: VMWorld;
test.before(async () => {
  world = await openVMWorld({ CLAUDECODE: '1' });
});
test.after(() => world.close());

test('logs exactly the bytes the program wrote, newlines and missing ones included', async () => {
  const uid = await world.launch('printf "a\\nb\\r\\n\\x00\\xff"; head -c 1048576 /dev/urandom | tee random; printf end');
  const facts = await world.ended(uid);
  const written = Buffer.concat([
    Buffer.from('a\nb\r\n\x00\xff', 'latin1'),
    await readFile(world.file(uid, 'workspace/random')),
    Buffer.from('end'),
  ]);
  const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  assert.is(sha(await world.log(uid)), sha(written));
  assert.is(facts.logBytes, written.length);
  assert.equal(facts.exit.code, 0);
});

for (const [script, expected] of [
  ['exit 0', { code: 0 }],
  ['exit 3', { code: 3 }],
  ['exit 137', { code: 137 }],
  ['kill -KILL $$', { signal: 9 }],
  ['kill -TERM $$', { signal: 15 }],
] as const) {
  test(`tells how "${script}" ended`, async () => {
    const { exit, startTime } = await world.ended(await world.launch(script));
    const { endTime, ...how } = exit;
    assert.equal(how, { cause: 'exited', ...expected });
    assert.match(endTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(startTime !== undefined && startTime <= endTime);
  });
}

test('says which program is missing', async () => {
  const { exit, startTime } = await world.ended(await world.launch('', { argv: ['no-such-agent', '-p'] }));
  assert.is(exit.cause, 'launch');
  assert.is(exit.message, "no-such-agent: not found on the VM's PATH; install it there");
  assert.is(startTime, undefined);
});

test('says why no terminal could be had', async () => {
  const folder = join(world.root, 'bin');
  await mkdir(folder);
  await writeFile(join(folder, 'tmux'), '#!/bin/sh\necho "error creating /tmp/x (Read-only file system)" >&2\nexit 1\n', { mode: 0o755 });
  const other = await openVMWorld({ PATH: `${folder}:${process.env.PATH}` });
  const { exit } = await other.ended(await other.launch('true'));
  assert.equal([exit.cause, exit.message], ['launch', 'tmux did not start: error creating /tmp/x (Read-only file system)']);
  await other.close();
});

test('says that a program can not be executed', async () => {
  const script = join(world.root, 'script');
  await writeFile(script, '#!/no/such/interpreter\n', { mode: 0o755 });
  const { exit } = await world.ended(await world.launch('', { argv: [script] }));
  assert.is(exit.cause, 'launch');
  assert.match(exit.message ?? '', 'interpreter');
});

test('gives the program its own environment and nothing of the controller', async () => {
  const uid = await world.launch('env -0; stty size; cat "$BERTH_PROMPT_FILE"', {
    env: { CI: '1' },
    secretEnv: { KEY: 'secret-of-env' },
    prompt: 'do it',
  });
  await world.ended(uid);
  const text = (await world.log(uid)).toString();
  for (const line of [
    'CI=1',
    'KEY=secret-of-env',
    `BERTH_SESSION=n-${uid}`,
    'BERTH_ATTEMPT=1',
    'TERM=xterm-256color',
    `BERTH_SESSION_UID=${uid}`,
  ])
    assert.ok(text.split('\0').includes(line), line);
  assert.not.match(text, 'CLAUDECODE');
  assert.not.match(text, 'TMUX');
  assert.match(text, /50 220\ndo it$/);
});

test('feeds the prompt on stdin where the agent reads it there, and the terminal elsewhere', async () => {
  const piped = await world.launch('cat; test -t 0 || echo no; test -t 1 && echo yes', { prompt: 'what to do', promptOnStdin: true });
  await world.ended(piped);
  assert.is((await world.log(piped)).toString(), 'what to dono\nyes\n');
  const filed = await world.launch('test -t 0 && echo terminal', { prompt: 'what to do' });
  await world.ended(filed);
  assert.is((await world.log(filed)).toString(), 'terminal\n');
});

test('keeps secrets out of argv and, once started, out of files', async () => {
  const uid = await world.launch('sleep 60', { secretEnv: { KEY: 'zebra-77' }, prompt: 'prompt-zebra' });
  await world.running(uid);
  await until(async () => ((await readdir(world.file(uid, '.'))).includes('secrets.json') ? undefined : true));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) assert.not.match(await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''), /zebra-77|prompt-zebra/);
  for (const name of await readdir(world.home, { recursive: true })) {
    const path = join(world.home, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && !name.includes('workspace/')) {
      if (name.startsWith('runs/')) assert.is(found.mode & 0o077, 0, name);
      assert.not.match(await readFile(path, 'latin1'), 'zebra-77');
    }
  }
  await world.host().stop({ uid, attempt: 1 }, 'Immediate', AbortSignal.timeout(10_000));
  await world.ended(uid);
  assert.not.ok((await readdir(world.file(uid, '.'))).includes('prompt'));
});

test('starts a program once, however often and at once it is launched', async () => {
  await world.reachable();
  const count = join(world.root, 'count');
  const spec = world.spec('once', `echo x >> ${count}; sleep 0.5`);
  const signal = AbortSignal.timeout(30_000);
  await Promise.all(Array.from({ length: 20 }, () => world.host().launch(spec, signal)));
  await world.ended('once');
  await world.host().launch(spec, signal);
  assert.is(await readFile(count, 'utf8'), 'x\n');
  assert.is((await world.ended('once')).exit.code, 0);
});

test('refuses to start again what was cleaned up, and an older attempt', async () => {
  const signal = AbortSignal.timeout(10_000);
  const uid = await world.launch('true');
  await world.ended(uid);
  await world.host().clean({ uid, attempt: 1 }, signal);
  await world.host().clean({ uid, attempt: 1 }, signal);
  await until(() => (world.facts(uid) === undefined ? true : undefined));
  await rejects(() => world.launch('true', { uid }), /files are removed/);
  await world.launch('true', { uid, attempt: 3 });
  await rejects(() => world.launch('true', { uid, attempt: 2 }), /attempt 3/);
});

test('never runs more than fits, whatever it is told', async () => {
  const small = { capacity: { slots: 100, memoryMiB: 1_000_000 }, memoryMiB: 400_000 };
  const first = await world.launch('sleep 60', small);
  const busy = (await world.host().facts()).runs;
  const active = [...busy.values()].filter(({ state }) => state !== 'ended').length;
  await rejects(() => world.launch('true', { capacity: { slots: active, memoryMiB: 1_000_000 } }), /slots of this VM are taken/);
  await rejects(() => world.launch('true', { capacity: { slots: 100, memoryMiB: 400_001 } }), /memory in use to \d+ of 400001 MiB/);
  await world
    .host()
    .launch(world.spec(first, 'sleep 60', { ...small, capacity: { slots: active, memoryMiB: 400_000 } }), AbortSignal.timeout(10_000));
  await world.host().stop({ uid: first, attempt: 1 }, 'Immediate', AbortSignal.timeout(10_000));
  await world.ended(first);
});

test('a run that was refused before its launch came ends without having been started', async () => {
  const uid = `u-${randomUUID()}`;
  const { session, logBase } = world.spec(uid, 'true');
  await world.host().refuse({ uid, attempt: 1, session, logBase }, AbortSignal.timeout(10_000));
  assert.is(world.facts(uid)?.exit?.cause, 'refused');
  await world.host().launch(world.spec(uid, 'touch started'), AbortSignal.timeout(10_000));
  const { exit } = await world.ended(uid);
  assert.equal([exit.cause, exit.message], ['refused', 'it was not started, and will not be']);
  await rejects(() => stat(world.file(uid, 'workspace/started')), /ENOENT/);
});

test('a later attempt goes on where the log of the one before ends', async () => {
  const uid = await world.launch('echo first attempt');
  await world.ended(uid);
  await world.host().clean({ uid, attempt: 1 }, AbortSignal.timeout(10_000));
  const logBase = (await world.log(uid)).length;
  await world.host().launch(world.spec(uid, 'echo second attempt', { attempt: 2, logBase }), AbortSignal.timeout(10_000));
  const { logBytes } = await world.ended(uid, 2);
  assert.is(logBytes, 'first attempt\nsecond attempt\n'.length);
  assert.is((await world.log(uid)).toString(), 'first attempt\nsecond attempt\n');
});

test('does not clean up what runs', async () => {
  const uid = await world.launch('sleep 60');
  await rejects(() => world.host().clean({ uid, attempt: 1 }, AbortSignal.timeout(10_000)), /not ended/);
  await world.host().stop({ uid, attempt: 1 }, 'Immediate', AbortSignal.timeout(10_000));
  assert.is((await world.ended(uid)).exit.signal, 9);
});

test('ends what the program left in the background before it counts as ended', async () => {
  const daemon = 'trap "echo bye > said; exit" TERM; trap "" HUP; echo up; while :; do sleep 0.1; done';
  const uid = await world.launch(`setsid bash -c '${daemon}' & sleep 0.3; exit 5`);
  const { exit } = await world.ended(uid);
  assert.is(exit.code, 5);
  assert.is(await readFile(world.file(uid, 'workspace/said'), 'utf8'), 'bye\n');
  assert.equal(await processesWith(`BERTH_SESSION_UID=${uid}\0`), []);
});

test('keeps a rolling end of a log past its limit, and says that it is truncated', async () => {
  const uid = await world.launch('head -c 100M /dev/zero | tr "\\0" x; echo end', { maxOutputBytes: 1 << 20 });
  const { exit, logBytes } = await world.ended(uid);
  assert.is(exit.code, 0);
  assert.is(logBytes, 100 * 2 ** 20 + 4);
  const found = await stat(world.file(uid, 'output.log'));
  assert.is(found.size, logBytes);
  assert.ok(found.blocks * 512 < 80 * 2 ** 20, `${found.blocks * 512} bytes on disk`);
  assert.ok(world.facts(uid)?.copied.tail.endsWith('xend\n'));
});

test.run();
