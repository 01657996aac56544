import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OperatorError } from '../../controller/api/error.ts';
import { fakeClient } from '../fakes/client.ts';
import { condition, pool, session, vm } from './build.ts';
import { runCLI } from './run-cli.ts';

const test = suite('commands');

const withSessions = (...sessions: readonly ReturnType<typeof session>[]) => {
  const client = fakeClient();
  for (const each of sessions) client.put('Session', each);
  return client;
};

test('lists by creation time and name, and takes a leading remote', async () => {
  const client = withSessions(session('b'), session('c', { created: '2025-12-02T08:00:00Z' }), session('a'));
  for (const words of [['list'], ['remote', 'list']]) {
    const { exit, out } = await runCLI(words, { client });
    assert.is(exit, 0);
    assert.equal(
      out
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(' ')[0]),
      ['c', 'a', 'b'],
    );
  }
});

test('lists one status, as names, as JSON and as YAML', async () => {
  const client = withSessions(session('a'), session('b', { phase: 'Completed' }));
  assert.is((await runCLI(['list', '--status', 'completed', '-o', 'name'], { client })).out, 'session.berth.dev/b\n');
  assert.equal(JSON.parse((await runCLI(['list', '--json'], { client })).out).sessions.length, 2);
  assert.match((await runCLI(['list', '-oyaml'], { client })).out, /^sessions:\n- session_id: a\n/);
  const none = await runCLI(['list', '--status', 'failed'], { client });
  assert.equal([none.exit, none.out, none.err], [0, '', 'No sessions found.\n']);
  assert.equal(JSON.parse((await runCLI(['list', '--status', 'failed', '--json'], { client })).out), { sessions: [] });
});

test('keeps to the namespace unless told otherwise', async () => {
  const elsewhere = { ...session('x'), metadata: { ...session('x').metadata, namespace: 'team' } };
  const client = withSessions(session('a'), elsewhere);
  assert.is((await runCLI(['list', '-o', 'name'], { client })).out, 'session.berth.dev/a\n');
  assert.is((await runCLI(['list', '-nteam', '-o', 'name'], { client })).out, 'session.berth.dev/x\n');
  assert.is((await runCLI(['list', '-A', '-o', 'name'], { client })).out.split('\n').length, 3);
});

test('says on stderr what of the files could not be taken', async () => {
  const client = withSessions(session('a'));
  client.fileProblems.push({ file: 'x.yaml', line: 2, column: 3, message: 'tabs are not allowed' });
  for (const command of ['list', 'status']) assert.is((await runCLI([command], { client })).err, 'x.yaml:2:3: tabs are not allowed\n');
});

test('brings a controller up where none runs and something is unfinished, and says so', async () => {
  const client = withSessions(session('a'));
  client.held = undefined;
  assert.match((await runCLI(['list', '--no-up'], { client })).err, /^$/);
  assert.match((await runCLI(['list'], { client })).err, /No controller was running: started one in the background \(pid \d+\)/);
  assert.is((await runCLI(['list'], { client })).err, '');
  const idle = withSessions(session('a', { phase: 'Completed' }));
  idle.held = undefined;
  assert.is((await runCLI(['list'], { client: idle })).err, '');
});

test('tells that a controller did not come up, with its log', async () => {
  const client = withSessions(session('a'));
  client.held = undefined;
  const parts = { spawnController: async () => ({ pid: 2 ** 22 + 1, log: '/state/controller.log' }) };
  const { exit, err } = await runCLI(['up'], { client, parts });
  assert.is(exit, 4);
  assert.is(err, 'Error: the controller did not come up\nHint: Its log says why: /state/controller.log\n');
});

test('up and down say what they found', async () => {
  const client = fakeClient();
  assert.match((await runCLI(['up'], { client })).out, 'Controller already running (pid 4711 on here).\n');
  const far = await runCLI(['down'], { client });
  assert.equal([far.exit, far.err], [4, 'Error: the controller runs on here (pid 4711)\nHint: Stop it there.\n']);
  client.held = undefined;
  assert.match((await runCLI(['up'], { client })).out, /^Controller started \(pid \d+\)\.\n$/);
  client.held = undefined;
  assert.is((await runCLI(['down'], { client })).out, 'No controller is running.\n');
});

test('shows the pool picture and its forms', async () => {
  const client = withSessions(session('a', { vm: 'default-0' }));
  client.put('VM', vm('default-0'));
  assert.match((await runCLI(['status'], { client })).out, '    Sessions: 1/4 (25% capacity)\n');
  assert.is(JSON.parse((await runCLI(['status', '--json'], { client })).out).available_capacity, 3);
  assert.is((await runCLI(['status', '-o', 'name'], { client })).out, 'vm.berth.dev/default-0\n');
});

test('shows the last hundred lines under a header, and fewer or all when asked', async () => {
  const client = withSessions(session('s', { vm: 'v' }));
  const lines = Array.from({ length: 150 }, (_, index) => `line ${index + 1}\n`);
  client.log(session('s'));
  client.logs.get('s')?.write(lines.join(''));
  const { out } = await runCLI(['output', 's'], { client });
  assert.is(out, `=== Session: s ===\nVM: v\nStatus: running\nCaptured: 2025-12-02 08:32:45 (100 lines)\n\n${lines.slice(50).join('')}`);
  assert.match((await runCLI(['output', 'session.berth.dev/s', '-n2'], { client })).out, '(2 lines)\n\nline 149\nline 150\n');
  assert.match((await runCLI(['output', 's', '--lines', '1000'], { client })).out, '(150 lines)\n\nline 1\n');
  assert.is((await runCLI(['output', 's', '--raw'], { client })).out, lines.join(''));
  assert.is((await runCLI(['output', 's', '--raw', '-n', '1'], { client })).out, 'line 150\n');
  assert.is((await runCLI(['output', 's', '--raw', '--since-byte', '1380'], { client })).out, lines.join('').slice(1380));
  assert.match((await runCLI(['output', 's', '--since-byte', '0'], { client })).out, '(150 lines)');
});

test('answers an unknown session with exit 3', async () => {
  for (const words of [
    ['output', 'nope'],
    ['output', 'nope', '--follow'],
    ['send', 'nope', 'x'],
    ['rerun', 'nope'],
  ]) {
    assert.equal(await runCLI(words), { exit: 3, out: '', err: 'Error: Session ID not found\n' });
  }
});

test('says why there is no output yet', async () => {
  const waiting = session('s', { phase: 'Pending', status: { reason: 'PoolFull', message: '10 of 10 VMs' } });
  assert.is((await runCLI(['output', 's'], { client: withSessions(waiting) })).err, 'Not started yet: PoolFull: 10 of 10 VMs\n');
  const never = { phase: 'Failed', reason: 'LaunchFailed', message: 'x: not found', conditions: [condition('Finished')] } as const;
  const missing = session('s', { phase: 'Pending', status: never });
  assert.is((await runCLI(['output', 's'], { client: withSessions(missing) })).err, 'Never started: LaunchFailed: x: not found\n');
});

test('follows to the end and ends with the session’s code', async () => {
  const client = withSessions(session('s', { vm: 'v' }));
  client.log(session('s'));
  const log = client.logs.get('s');
  log?.write('one\ntwo\n');
  const following = runCLI(['output', 's', '-f', '--raw', '-n', '1'], { client });
  await new Promise((resolve) => setImmediate(resolve));
  log?.write('three\n');
  client.put('Session', session('s', { vm: 'v', phase: 'Failed', status: { exitCode: 7, reason: 'AgentFailed' } }));
  assert.equal(await following, { exit: 7, out: 'two\nthree\n', err: '' });
  assert.is((await runCLI(['output', 's', '-f'], { client })).exit, 7);
});

test('ends a follow whose log has a hole, and one whose session is deleted', async () => {
  const output = { bytes: 1000, lines: 1, truncated: true, updatedTime: '2025-12-02T08:31:00Z' };
  const holed = withSessions(session('s', { phase: 'Completed', status: { output } }));
  const log = holed.log(session('s'));
  holed.logs.get('s')?.write('tail\n');
  holed.logs.set('s', { ...log, write: () => undefined, size: async () => 1000, read: async function* () {} });
  assert.is((await runCLI(['output', 's', '-f', '--raw', '--since-byte', '0'], { client: holed })).exit, 0);
  const client = withSessions(session('s'));
  const open = client.log(session('s'));
  const followed = Promise.withResolvers<void>();
  client.logs.set('s', {
    ...open,
    write: () => undefined,
    follow: (...args) => {
      followed.resolve();
      return open.follow(...args);
    },
  });
  const following = runCLI(['output', 's', '-f'], { client });
  await followed.promise;
  client.remove('Session', { namespace: 'default', name: 's' });
  const { exit, err } = await following;
  assert.equal([exit, err], [125, 'Error: session s was deleted\n']);
});

test('a Ctrl-C ends a follow with 130', async () => {
  const interruption = new AbortController();
  const following = runCLI(['output', 's', '-f'], { client: withSessions(session('s')), interrupted: interruption.signal });
  setImmediate(() => interruption.abort());
  assert.is((await following).exit, 130);
});

test('kills as the tutorial shows', async () => {
  const client = withSessions(session('sess-xxx', { vm: 'v' }));
  client.react = () => client.put('Session', session('sess-xxx', { vm: 'v', phase: 'Killed' }));
  assert.equal(await runCLI(['kill', 'sess-xxx'], { client }), {
    exit: 0,
    out: 'Killing session: sess-xxx\n  Sending SIGTERM...\n  Session terminated.\nStatus updated: killed\n',
    err: '',
  });
  assert.equal(client.patches[0]?.patch, { shutdown: 'Graceful' });
  assert.equal(
    (await runCLI(['kill', 'sess-xxx'], { client })).out,
    'Killing session: sess-xxx\n  Already killed.\nStatus unchanged: killed\n',
  );
});

test('kills at once with --force, a pending one, and all of a status', async () => {
  const client = withSessions(session('a', { phase: 'Pending' }), session('b'), session('c', { phase: 'Completed' }));
  client.react = () => {
    if (client.patches.length < 2) return;
    const { startTime: _, ...status } = session('a', { phase: 'Killed' }).status ?? {};
    client.put('Session', { ...session('a'), status });
    client.put('Session', session('b', { phase: 'Killed' }));
  };
  const { out, exit } = await runCLI(['kill', '--all', '--force'], { client });
  assert.is(exit, 0);
  assert.is(
    out,
    'Killing session: a\n  Not started; removed from the queue.\nStatus updated: killed\n' +
      'Killing session: b\n  Sending SIGKILL...\n  Session terminated.\nStatus updated: killed\n',
  );
  assert.match((await runCLI(['kill', '--all', '--status', 'completed'], { client })).out, 'Status unchanged: completed');
  assert.is((await runCLI(['kill', '--all', '--status', 'failed'], { client })).err, 'No sessions found.\n');
});

test('kills the others when one is unknown, and ends with 3', async () => {
  const client = withSessions(session('b', { phase: 'Completed' }));
  const { exit, out, err } = await runCLI(['kill', 'nope', 'b'], { client });
  assert.equal([exit, err], [3, 'Error: Session ID not found\n']);
  assert.match(out, 'Status unchanged: completed');
});

test('kill says what it cannot see end', async () => {
  const lost = session('s', {
    vm: 'v',
    status: { conditions: [condition('Started'), condition('Ready', 'Unknown', 'VMUnreachable', 'VM v does not answer')] },
  });
  const away = await runCLI(['kill', 's'], { client: withSessions(lost) });
  assert.equal([away.exit, away.err], [4, 'Error: VM v does not answer; the request stands, and the session ends when its VM answers\n']);
  const slow = await runCLI(['kill', 's', '--timeout', '0s'], { client: withSessions(session('s')) });
  assert.equal([slow.exit, slow.err], [4, 'Error: session s has not ended yet; the request stands\n']);
  const idle = withSessions(session('s'));
  idle.held = undefined;
  assert.match((await runCLI(['kill', 's', '--no-up'], { client: idle })).err, 'Error: no controller runs: the request is kept');
  const gone = withSessions(session('s', { phase: 'Pending' }));
  gone.react = () => gone.remove('Session', { namespace: 'default', name: 's' });
  assert.match((await runCLI(['kill', 's'], { client: gone })).out, '  Session deleted.\n');
  const quick = withSessions(session('s', { phase: 'Pending' }));
  quick.react = () => quick.put('Session', session('s', { phase: 'Killed' }));
  assert.match((await runCLI(['kill', 's'], { client: quick })).out, '  Sending SIGTERM...\n  Session terminated.\n');
});

test('refuses arguments that do not fit together, with exit 2', async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['kill'], 'Error: no session ID given\n'],
    [['kill', 'a', '--all'], 'Error: --all takes no session IDs\n'],
    [['kill', 'a', '--status', 'running'], 'Error: --status needs --all\nHint: It ends every session of that status.\n'],
    [['kill', 'a', '--timeout', 'soon'], 'Error: --timeout: "soon" is not a duration\nHint: Write it like 30m, 2h or 1d.\n'],
    [
      ['list', '--status', 'done'],
      'Error: --status: "done" is not a status\nHint: Use one of pending, running, completed, failed, killed.\n',
    ],
    [['list', '-o', 'xml'], 'Error: unknown output format "xml"\nHint: Use one of json, yaml, name, wide.\n'],
    [['list', '--nope'], 'Error: berth list: Unsupported option name ("--nope")\nHint: See \'berth list --help\'.\n'],
    [['kill', '--forcee'], 'Error: berth kill: Unsupported option name ("--forcee")\nHint: Did you mean --force?\n'],
    [['start', 'hello', '--sizee', 'l'], 'Error: berth start: Unsupported option name ("--sizee")\nHint: Did you mean --size?\n'],
    [
      ['start', '-what is this?'],
      'Error: berth start: Invalid option name ("-what is this?")\nHint: A text that begins with "-" needs a space before it.\n',
    ],
    [['secret'], "Error: berth secret: say what to do: set, list, delete\nHint: See 'berth secret --help'.\n"],
    [['stat', 'list'], 'Error: unknown command "stat"\nHint: Did you mean \'berth start\'?\n'],
    [['output'], "Error: berth output: Not enough positional arguments\nHint: See 'berth output --help'.\n"],
    [['output', 's', '-n', 'x'], 'Error: --lines: "x" is not a whole number of at least 0\n'],
    [['output', 's', '-n', '1', '--since-byte', '1'], 'Error: --lines and --since-byte exclude each other\n'],
    [['lst'], 'Error: unknown command "lst"\nHint: Did you mean \'berth list\'?\n'],
    [['frobnicate'], 'Error: unknown command "frobnicate"\nHint: See \'berth help\'.\n'],
    [['--nope'], 'Error: unknown command "--nope"\nHint: See \'berth help\'.\n'],
    [['get', 'pods'], 'Error: unknown kind "pods"\nHint: Kinds are session (bsn), vmpool (bvp) and vm (bvm).\n'],
    [['get', 'berth', 'x'], 'Error: a name needs one kind\n'],
    [['get', 'vm/a', 'session/b'], 'Error: several kinds in one call\n'],
    [['describe', 'vm'], 'Error: describe takes a kind and a name\n'],
    [['delete', 'vm'], 'Error: delete takes a kind and names\n'],
    [['wait', 's', '--for', 'ever'], 'Error: --for: "ever" is neither running nor finished\n'],
    [['apply'], 'Error: nothing to apply\nHint: Name a file or directory with -f.\n'],
    [['validate'], 'Error: nothing to validate\nHint: Name a file or directory with -f.\n'],
    [['completion', 'tcsh'], 'Error: no completion for "tcsh"\nHint: Use one of bash, zsh, fish.\n'],
    [['list', '--kubeconfig', 'x', '--store', 'dir:y'], 'Error: --kubeconfig names a cluster, but --store names a directory\n'],
    [['list', '--context', 'x', '--store', 'dir:y'], 'Error: --context names a cluster, but --store names a directory\n'],
  ];
  for (const [words, err] of cases)
    assert.equal(await runCLI(words, { client: withSessions(session('s')) }), { exit: 2, out: '', err }, words.join(' '));
  const past = await runCLI(['output', 's', '--since-byte', '9'], { client: withSessions(session('s')) });
  assert.equal([past.exit, past.err], [2, 'Error: --since-byte: the output has only 0 bytes\n']);
});

test('called by kubectl, it means the cluster, unless it is told otherwise', async () => {
  const storeOf = async (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string | undefined> => {
    let store: string | undefined;
    const openClient = async (target: { readonly store?: string }) => {
      store = target.store;
      return withSessions();
    };
    await runCLI(['list', ...words], { invokedAs: 'kubectl berth', env, parts: { openClient } });
    return store;
  };
  assert.is(await storeOf([]), 'cluster');
  assert.is(await storeOf(['--context', 'x']), 'cluster:x');
  assert.is(await storeOf(['--store', 'dir:y']), 'dir:y');
  assert.is(await storeOf(['--kubeconfig', 'f'], { BERTH_STORE: 'dir:z' }), 'cluster', 'a kubeconfig names a cluster');
  assert.is(await storeOf([], { BERTH_STORE: 'dir:z' }), undefined, 'the environment is read where all of it is');
});

test('the version is an option as well', async () => {
  assert.equal(await runCLI(['--version']), await runCLI(['version']));
});

test('prints help on stdout when asked, usage on stderr when nothing was', async () => {
  const nothing = await runCLI([], { invokedAs: 'amplihack remote' });
  assert.equal([nothing.exit, nothing.out], [2, '']);
  assert.match(nothing.err, 'Usage: amplihack remote COMMAND [OPTIONS]');
  for (const words of [['--help'], ['help'], ['remote', '-h']]) assert.match((await runCLI(words)).out, /\n {2}list +List sessions\n/);
  for (const words of [
    ['list', '--help'],
    ['help', 'list'],
    ['list', '-h'],
  ]) {
    const { exit, out } = await runCLI(words);
    assert.is(exit, 0);
    assert.match(out, / {2}--status VALUE +Only these/);
    assert.match(out, / {2}-v,--verbose +Nothing cut/);
    assert.is(new Set(out.split('\n').flatMap((line) => /^ {2}-.*? {2,}(?=\S)/.exec(line)?.[0].length ?? [])).size, 1);
  }
});

test('gives each intent of an error its exit code', async () => {
  const exits = { invalid: 2, denied: 1, quota: 5, unavailable: 4, conflict: 3, bug: 1 } as const;
  for (const [code, exit] of Object.entries(exits)) {
    const openClient = async (): Promise<never> => {
      throw new OperatorError(code as keyof typeof exits, 'no luck');
    };
    assert.equal(await runCLI(['list'], { parts: { openClient } }), { exit, out: '', err: 'Error: no luck\n' });
  }
  const broken = await runCLI(['list'], { parts: { openClient: async () => JSON.parse('{') } });
  assert.is(broken.exit, 1);
  assert.match(broken.err, /^Error: .*JSON.*\n +at /);
});

test('waits for the end, and ends with the first code that is not zero', async () => {
  const client = withSessions(
    session('a', { phase: 'Completed' }),
    session('b'),
    session('c', { phase: 'Failed', status: { exitCode: 3 } }),
  );
  const waiting = runCLI(['wait', 'a', 'b', 'c'], { client });
  setImmediate(() => client.put('Session', session('b', { phase: 'Failed', status: { reason: 'DeadlineExceeded' } })));
  assert.equal(await waiting, { exit: 124, out: 'a completed\nc failed\nb failed\n', err: '' });
});

test('gives every end its code', async () => {
  const cases = [
    [{ phase: 'Completed' }, 0],
    [{ phase: 'Failed', status: { exitCode: 137, reason: 'AgentFailed' } }, 137],
    [{ phase: 'Failed', status: { reason: 'VMLost' } }, 125],
    [{ phase: 'Failed', status: { reason: 'LaunchFailed' } }, 125],
    [{ phase: 'Failed', status: { reason: 'AgentFailed' } }, 1],
    [{ phase: 'Failed' }, 1],
    [{ phase: 'Killed' }, 143],
    [{ phase: 'Killed', status: { exitCode: 143 } }, 143],
    [{ phase: 'Killed', status: { shutdown: { mode: 'Immediate', requestedTime: '' } } }, 137],
  ] as const;
  for (const [parts, exit] of cases)
    assert.is((await runCLI(['wait', 's'], { client: withSessions(session('s', parts)) })).exit, exit, JSON.stringify(parts));
});

test('waits for running, times out with 124, and calls its own failures 125', async () => {
  assert.is((await runCLI(['wait', 's', '--for=running'], { client: withSessions(session('s')) })).exit, 0);
  const dead = session('s', { phase: 'Failed', status: { reason: 'LaunchFailed', conditions: [condition('Finished')] } });
  assert.is((await runCLI(['wait', 's', '--for', 'running'], { client: withSessions(dead) })).exit, 125);
  const late = await runCLI(['wait', 's', '--timeout', '0s'], { client: withSessions(session('s')) });
  assert.equal([late.exit, late.err], [124, 'Error: timed out after 0s waiting for s\n']);
  assert.equal(await runCLI(['wait', 'nope']), { exit: 125, out: '', err: 'Error: Session ID not found\n' });
  const client = withSessions(session('s'));
  const waiting = runCLI(['wait', 's'], { client });
  setImmediate(() => client.remove('Session', { namespace: 'default', name: 's' }));
  assert.is((await waiting).exit, 125);
});

test('sends an answer once, after what was sent before', async () => {
  const client = withSessions(session('s', { spec: { input: [{ id: 'q1', text: 'yes' }] } }));
  assert.is((await runCLI(['send', 's', 'use', 'OAuth'], { client })).out, 'Sent to s.\n');
  const sent = client.patches[0]?.patch.input as readonly { readonly id: string; readonly text: string }[];
  assert.equal(
    sent.map(({ text }) => text),
    ['yes', 'use OAuth'],
  );
  assert.is((await runCLI(['send', 's', 'x'.repeat(4097)], { client })).exit, 2);
  assert.is(
    (await runCLI(['send', 's', 'x'], { client: withSessions(session('s', { phase: 'Completed' })) })).err,
    'Error: session s has ended (completed)\n',
  );
  const full = session('s', { spec: { input: Array.from({ length: 256 }, (_, index) => ({ id: String(index), text: '' })) } });
  assert.is((await runCLI(['send', 's', 'x'], { client: withSessions(full) })).exit, 1);
});

test('runs a session again without what was asked of the old one', async () => {
  const client = withSessions(
    session('s', { phase: 'Killed', spec: { prompt: 'p', shutdown: 'Graceful', input: [{ id: 'a', text: 'b' }], size: 'l' } }),
  );
  const { out } = await runCLI(['rerun', 's'], { client });
  assert.match(out, /^sess-20251202-083245-[0-9a-z]{3}\n$/);
  assert.equal(
    client.applied.map(({ document }) => (document as { readonly spec: unknown }).spec),
    [{ prompt: 'p', size: 'l' }],
  );
});

test('primes, cordons and uncordons', async () => {
  const client = fakeClient();
  client.put('VM', vm('default-0'));
  assert.is(
    (await runCLI(['prime', '--count', '3', '--vm-size', 'l', '--for', '1h30m'], { client })).out,
    'Pool default: holding 3 free slot(s) until 2025-12-02T10:02:45Z.\n',
  );
  assert.equal(client.patches[0]?.patch, { prime: { slots: 3, size: 'l', region: null, untilTime: '2025-12-02T10:02:45Z' } });
  assert.match((await runCLI(['prime', '--count', '0'], { client })).out, 'no slots held');
  assert.equal(client.patches[1]?.patch, { prime: null });
  assert.is((await runCLI(['prime', '--pool', 'gpu'], { client })).exit, 3);
  assert.is((await runCLI(['cordon', 'vm/default-0'], { client })).out, 'vm.berth.dev/default-0 cordoned\n');
  assert.is((await runCLI(['cordon', 'default-0'], { client })).out, 'vm.berth.dev/default-0 already cordoned\n');
  assert.is((await runCLI(['uncordon', 'default-0'], { client })).out, 'vm.berth.dev/default-0 uncordoned\n');
  assert.equal(await runCLI(['cordon', 'x'], { client }), { exit: 3, out: '', err: 'Error: VM x not found\n' });
});

test('somebody at a terminal sees primed slots come; a Ctrl-C ends the looking, not the slots', async () => {
  const client = fakeClient();
  const terminal = { stderr: true };
  client.react = () => client.put('VM', vm('default-0'));
  const { exit, out, err } = await runCLI(['prime', '--count', '4'], { client, terminal });
  assert.equal([exit, out], [0, 'Pool default: holding 4 free slot(s) until 2025-12-02T10:32:45Z.\n']);
  assert.match(err, '4 free slot(s) ready.\n');
  const interruption = new AbortController();
  client.react = () => setTimeout(() => interruption.abort(), 10);
  const stopped = await runCLI(['prime', '--count', '5'], { client, terminal, interrupted: interruption.signal });
  assert.is(stopped.exit, 130);
  assert.match(stopped.err, '4/5 slots ready');
  assert.match(stopped.err, 'Error: interrupted; the slots are made ready all the same\n');
});

test('gets resources by kind, short name, name and category', async () => {
  const client = withSessions(session('a'), session('b'));
  client.put('VMPool', pool('default'));
  assert.match((await runCLI(['get', 'bsn'], { client })).out, /^NAME .*\na .*\nb /);
  assert.is(
    (await runCLI(['get', 'berth', '-o', 'name'], { client })).out,
    'session.berth.dev/a\nsession.berth.dev/b\nvmpool.berth.dev/default\n',
  );
  assert.is(JSON.parse((await runCLI(['get', 'session/a', '-o', 'json'], { client })).out).metadata.name, 'a');
  assert.is(JSON.parse((await runCLI(['get', 'sessions', '-o', 'json'], { client })).out).kind, 'List');
  assert.match(
    (await runCLI(['get', 'vmpools.berth.dev', 'default', '-o', 'yaml'], { client })).out,
    /^apiVersion: berth\.dev\/v1alpha1\nkind: VMPool\n/,
  );
  assert.equal(await runCLI(['get', 'bvm'], { client }), { exit: 0, out: '', err: 'No resources found.\n' });
  assert.equal(await runCLI(['get', 'vm', 'x'], { client }), { exit: 3, out: '', err: 'Error: VM x not found\n' });
});

test('describes, shows events and explains', async () => {
  const client = withSessions(session('a'), session('b'));
  client.storedEvents.push({
    type: 'Normal',
    reason: 'PlacedSession',
    message: 'on v',
    kind: 'Session',
    namespace: 'default',
    name: 'a',
    firstTime: '2025-12-02T08:31:00Z',
    lastTime: '2025-12-02T08:31:00Z',
    count: 1,
  });
  assert.match((await runCLI(['describe', 'session', 'a', 'b'], { client })).out, /PlacedSession[\s\S]*\n\nName: {9}b\n[\s\S]*<none>\n$/);
  assert.is((await runCLI(['describe', 'session', 'x'], { client })).exit, 3);
  assert.match((await runCLI(['events', 'session/a'], { client })).out, 'session/a   on v');
  assert.is((await runCLI(['events', 'b'], { client })).err, 'No events found.\n');
  assert.is(JSON.parse((await runCLI(['events', '--json'], { client })).out).events.length, 1);
  const explain = async (_kind: unknown, path: string) =>
    path === 'spec' ? { name: 'spec', type: 'Object', required: true, description: 'what', fields: [] } : undefined;
  assert.match((await runCLI(['explain', 'bsn.spec'], { parts: { explain } })).out, 'FIELD:    spec <Object>');
  assert.equal(await runCLI(['explain', 'session.x'], { parts: { explain } }), {
    exit: 3,
    out: '',
    err: 'Error: field "session.x" does not exist\n',
  });
});

test('applies, deletes, validates and plans through the parts', async () => {
  const client = withSessions(session('old'));
  const document = { apiVersion: 'berth.dev/v1alpha1', kind: 'Session', metadata: { name: 'new' }, spec: { prompt: 'p' } };
  const parts = { readManifests: async (path: string) => (path === 'empty' ? [] : [{ document, origin: path }]) };
  assert.is((await runCLI(['apply', '-f', 'x.yaml'], { client, parts })).out, 'session.berth.dev/new created\n');
  assert.is((await runCLI(['apply', '-f', 'empty'], { client, parts })).exit, 2);
  assert.is((await runCLI(['apply', '--confirm-prune'], { client })).out, 'Held-back deletions confirmed.\n');
  assert.is(client.prunes, 1);
  assert.is((await runCLI(['delete', 'session', 'old'], { client })).out, 'session.berth.dev/old deleted\n');
  assert.is((await runCLI(['delete', '-f', 'x.yaml'], { client, parts })).out, 'session.berth.dev/new deleted\n');
  assert.is((await runCLI(['delete', 'session/old'], { client })).err, 'Error: Session default/old not found\n');
  assert.is((await runCLI(['delete', 'session/old', '--ignore-not-found'], { client })).exit, 0);
  const nameless = { readManifests: async () => [{ document: {}, origin: 'y.yaml:1' }] };
  assert.is((await runCLI(['delete', '-f', 'y.yaml'], { client, parts: nameless })).err, 'Error: y.yaml:1: names nothing to delete\n');
  const bad = { validate: async () => ({ documents: 1, problems: [{ file: 'a.yaml', line: 1, column: 2, message: 'wrong' }] }) };
  assert.equal(await runCLI(['validate', '-f', 'a.yaml'], { parts: bad }), { exit: 2, out: '', err: 'a.yaml:1:2: wrong\n' });
  assert.is(
    (await runCLI(['validate', 'a.yaml'], { parts: { validate: async () => ({ documents: 3, problems: [] }) } })).out,
    '3 resource(s) valid\n',
  );
  const plan = async () => ({ pools: [{ pool: { namespace: 'default', name: 'default' }, actions: [], waiting: [], offers: [] }] });
  assert.match((await runCLI(['plan'], { parts: { plan } })).out, 'Nothing to do.');
  assert.is(JSON.parse((await runCLI(['plan', '--json'], { parts: { plan } })).out).pools.length, 1);
});

test('takes secrets from stdin, a variable or a file, never shows them', async () => {
  const client = fakeClient();
  assert.is((await runCLI(['secret', 'set', 'anthropic', 'api-key'], { client, stdin: 'sk-1\n' })).out, 'secret/anthropic api-key set\n');
  await runCLI(['secret', 'set', 'anthropic', 'other', '--from-env', 'TOKEN'], { client, env: { TOKEN: 't' } });
  assert.equal(client.secretData.get('default/anthropic'), { 'api-key': 'sk-1', other: 't' });
  const listed = await runCLI(['secret', 'list'], { client });
  assert.is(listed.out, 'NAME        KEYS\nanthropic   api-key, other\n');
  assert.is(JSON.parse((await runCLI(['secret', 'list', '--json'], { client })).out).secrets[0].name, 'anthropic');
  assert.is((await runCLI(['secret', 'list', '-o', 'name'], { client })).out, 'secret/anthropic\n');
  assert.is((await runCLI(['secret', 'delete', 'anthropic'], { client })).exit, 0);
  assert.is((await runCLI(['secret', 'delete', 'anthropic'], { client })).exit, 3);
  assert.is((await runCLI(['secret', 'list'], { client })).err, 'No secrets found.\n');
  assert.is((await runCLI(['secret', 'set', 'a', 'b'], { client })).err, 'Error: the value is empty\n');
  assert.is((await runCLI(['secret', 'set', 'a', 'b', '--from-env', 'NOPE'], { client })).exit, 2);
  assert.is((await runCLI(['secret', 'set', 'a', 'b', '--from-env', 'A', '--from-file', 'B'], { client })).exit, 2);
  assert.match(
    (await runCLI(['secret', 'set', 'a', 'b', '--from-file', '/nowhere/at/all'], { client })).err,
    'Error: cannot read /nowhere/at/all',
  );
});

test('a second controller says who holds the directory, with exit 3', async () => {
  const runController = async (): Promise<never> => {
    throw new OperatorError('denied', 'held by process 1 on here');
  };
  assert.equal(await runCLI(['controller'], { parts: { runController } }), { exit: 3, out: '', err: 'Error: held by process 1 on here\n' });
  let given: unknown;
  const options = {
    runController: async (all: unknown) => {
      given = all;
    },
  };
  assert.is((await runCLI(['controller', '--store', 'dir:x', '--write-status', 'never'], { parts: options })).exit, 0);
  assert.equal(given, { store: 'dir:x', writeStatus: 'never' });
});

test.run();
