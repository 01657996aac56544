import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseEnv, parseEnvFromSecret } from '../../cli/start/env.ts';
import { sessionNames } from '../../cli/start/names.ts';
import { parseRepo } from '../../cli/start/source.ts';
import type { Session, SessionSpec } from '../../controller/api/types.generated.ts';
import { type FakeClient, fakeClient } from '../fakes/client.ts';
import { condition, NOW, pool, session, vm } from './build.ts';
import { type Ran, runCLI } from './run-cli.ts';

const test = suite('start');

/** Plays a controller that places each new session on the VM of its turn, `size` to a VM, and starts it. */
const placing = (client: FakeClient, size: number): void => {
  client.react = async () => {
    const sessions = [...(await client.list('Session'))].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
    for (const [index, each] of sessions.entries()) client.put('Session', onVM(each, `default-${Math.floor(index / size)}`, 'Pending'));
    for (const name of new Set(sessions.map((_, index) => `default-${Math.floor(index / size)}`))) client.put('VM', vm(name));
    for (const [index, each] of sessions.entries()) client.put('Session', onVM(each, `default-${Math.floor(index / size)}`, 'Running'));
  };
};

const onVM = (each: Session, name: string, phase: 'Pending' | 'Running'): Session => ({
  ...each,
  status: { phase, observedGeneration: 1, vm: { name, uid: `uid-${name}` }, conditions: phase === 'Running' ? [condition('Started')] : [] },
});

const specs = (client: FakeClient): readonly SessionSpec[] =>
  client.applied.map(({ document }) => (document as { readonly spec: SessionSpec }).spec);

const start = (words: readonly string[], client: FakeClient, options: Parameters<typeof runCLI>[1] = {}): Promise<Ran> =>
  runCLI(['start', ...words], { client, ...options });

test('tells the story of the tutorial: three sessions, one new VM', async () => {
  const client = fakeClient();
  client.put('VMPool', pool('default', 'Azure'));
  placing(client, 4);
  const { exit, out, err } = await start(['implement user authentication', 'add pagination to API', 'write unit tests'], client, {
    invokedAs: 'amplihack remote',
  });
  assert.equal([exit, err], [0, '']);
  const id = 'sess-20251202-083245-[0-9a-z]{3}';
  assert.match(
    out,
    new RegExp(`^Starting 3 session\\(s\\)\\.\\.\\.

Provisioning new VM\\.\\.\\. \\(this may take 4-7 minutes\\)

\\[1/3\\] ${id}
  VM: default-0 \\(provisioning new VM\\)
  Prompt: implement user authentication
  Status: pending

\\[2/3\\] ${id}
  VM: default-0 \\(reused\\)
  Prompt: add pagination to API
  Status: pending

\\[3/3\\] ${id}
  VM: default-0 \\(reused\\)
  Prompt: write unit tests
  Status: pending

VM ready: default-0
All 3 sessions started on VM: default-0

Sessions started\\. Use 'amplihack remote list' to monitor\\.
$`),
  );
});

test('reuses a VM that was ready, and says when there is no room on those there are', async () => {
  const client = fakeClient();
  client.put('VM', vm('default-0'));
  placing(client, 1);
  const { out } = await start(['task 5', 'task 6'], client);
  assert.match(out, /^Starting 2 session\(s\)\.\.\.\n\n\[1\/2\] .*\n {2}VM: default-0 \(reused\)\n/);
  assert.match(out, 'No capacity available on existing VMs.\nProvisioning new VM...\n\n[2/2] ');
  assert.match(out, 'All 2 sessions started on VMs: default-0, default-1\n');
});

test('a VM that boots already is not provisioned for it, and its readiness is told', async () => {
  const client = fakeClient();
  client.put('VM', vm('default-0', { status: { phase: 'Booting' } }));
  placing(client, 1);
  const { out } = await start(['x'], client);
  assert.match(out, /^Starting 1 session\(s\)\.\.\.\n\n\[1\/1\] .*\n {2}VM: default-0 \(reused\)\n/);
  assert.match(out, 'VM ready: default-0\nSession started on VM.\n');
});

test('VMs of other pools have no room to miss', async () => {
  const client = fakeClient();
  client.put('VM', vm('gpu-0', { spec: { poolRef: { name: 'gpu' } } }));
  placing(client, 1);
  const { out } = await start(['x', 'y'], client);
  assert.match(out, /^Starting 2 session\(s\)\.\.\.\n\nProvisioning new VM\.\.\.\n\n\[1\/2\] /);
  assert.match(out, 'No capacity available on existing VMs.\nProvisioning new VM...\n\n[2/2] ');
});

test('says why also what has a VM waits', async () => {
  const client = fakeClient();
  client.react = async () => {
    for (const each of await client.list('Session')) {
      const placed = onVM(each, 'default-0', 'Pending');
      client.put('Session', { ...placed, status: { ...placed.status, reason: 'ProviderNotReady', message: 'VM default-0: no login' } });
      setImmediate(() => client.put('Session', onVM(each, 'default-0', 'Running')));
    }
  };
  const { exit, err } = await start(['x'], client);
  assert.is(exit, 0);
  assert.match(err, /^sess-\S+ waits: ProviderNotReady: VM default-0: no login\n$/);
});

test('starts nothing that has ended, and only says of what runs that it does', async () => {
  const client = fakeClient();
  client.put('Session', session('done', { vm: 'default-0', phase: 'Completed' }));
  client.put('Session', session('going', { vm: 'default-0' }));
  client.put('VM', vm('default-0'));
  client.react = async () => {
    const added = await client.get('Session', { namespace: 'default', name: 'added' });
    if (added) client.put('Session', onVM(added, 'default-0', 'Running'));
  };
  const file = (...names: readonly string[]) => ({
    parts: {
      readManifests: async () =>
        names.map((name) => ({ document: { kind: 'Session', metadata: { name }, spec: { prompt: 'p' } }, origin: 'f.yaml:1' })),
    },
  });
  assert.equal(await start(['-f', 'f.yaml'], client, file('added', 'done')), {
    exit: 1,
    out: '',
    err: "Error: session done has ended (completed) and does not run again\nHint: Run 'berth rerun done'.\n",
  });
  assert.is(client.applied.length, 0);
  const again = await start(['-f', 'f.yaml'], client, file('going'));
  assert.equal(again, {
    exit: 0,
    out: "Sessions started. Use 'berth list' to monitor.\n",
    err: 'Session going runs already on VM default-0.\n',
  });
  client.put('Session', session('going', { vm: 'default-0' }));
  const both = await start(['-f', 'f.yaml'], client, file('going', 'added'));
  assert.is(both.err, 'Session going runs already on VM default-0.\n');
  assert.match(both.out, /^Starting 1 session\(s\)\.\.\.\n\n\[1\/1\] added\n[\s\S]*Session started on VM\.\n/);
});

test('waits on for a session that has to wait, and says why once', async () => {
  const client = fakeClient();
  const full = { reason: 'PoolFull', message: '1 of 1 VMs' };
  client.react = async () => {
    const [each] = await client.list('Session');
    if (each === undefined) return;
    client.put('Session', { ...each, status: { phase: 'Pending', ...full, observedGeneration: 1 } });
    client.put('Session', { ...each, status: { phase: 'Pending', ...full, observedGeneration: 1, conditions: [] } });
    client.put('Session', onVM(each, 'default-0', 'Running'));
  };
  client.put('VM', vm('default-0'));
  const watching = start(['x'], client);
  const { exit, err } = await watching;
  assert.is(exit, 0);
  assert.ok(err === '' || /^sess-\S+ waits: PoolFull: 1 of 1 VMs\n$/.test(err), err);
});

test('fails when a session ends before it started: quota is 5, anything else 1', async () => {
  for (const [reason, code] of [
    ['QuotaExceeded', 5],
    ['LaunchFailed', 1],
  ] as const) {
    const client = fakeClient();
    client.react = async () => {
      for (const each of await client.list('Session')) {
        client.put('Session', {
          ...each,
          status: { phase: 'Failed', observedGeneration: 1, reason, message: 'no luck', conditions: [condition('Finished')] },
        });
      }
    };
    const { exit, err } = await start(['x'], client);
    assert.is(exit, code);
    assert.match(err, new RegExp(`^Error: session sess-\\S+ did not start: ${reason}: no luck\n$`));
  }
});

const NO_QUOTA = {
  reason: 'QuotaExceeded',
  message:
    'Azure quota exceeded in region westus3: standardESv5Family Cores: limit 100, 96 in use, 16 more needed for Standard_E16s_v5; ask',
};
const azurePool = () => ({
  ...pool('default', 'Azure'),
  status: { offerings: [{ sku: 'Standard_E16s_v5', region: 'eastus', available: true }] },
});
const refusing = (client: FakeClient, refuse: (each: Session, index: number) => void): void => {
  client.put('VMPool', azurePool());
  client.react = async () => {
    const sessions = [...(await client.list('Session'))].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
    for (const [index, each] of sessions.entries()) refuse(each, index);
  };
};

test('where no region has quota left: the tutorial’s error with the numbers, exit 5, and nothing is left behind', async () => {
  const client = fakeClient();
  refusing(client, (each) => client.put('Session', { ...each, status: { phase: 'Pending', ...NO_QUOTA, observedGeneration: 1 } }));
  const { exit, err } = await start(['task 1', 'task 2', '--region', 'westus3'], client);
  assert.is(exit, 5);
  assert.ok(
    err.endsWith(
      'Error: Azure quota exceeded in region westus3\n  standardESv5Family Cores: limit 100, 96 in use, 16 more needed for Standard_E16s_v5\nHint: Try a different region with --region eastus\n',
    ),
    err,
  );
  assert.equal(await client.list('Session'), []);
});

test('where the VM that was to be made is refused: the same', async () => {
  const client = fakeClient();
  refusing(client, (each) => {
    client.put('VM', {
      ...vm('default-0'),
      status: { phase: 'Creating', conditions: [condition('Ready', 'False', NO_QUOTA.reason, NO_QUOTA.message)] },
    });
    client.put('Session', onVM(each, 'default-0', 'Pending'));
  });
  const { exit, err } = await start(['x'], client);
  assert.is(exit, 5);
  assert.match(err, 'Error: Azure quota exceeded in region westus3\n');
  assert.equal(await client.list('Session'), []);
});

test('sessions that got their VM are neither given up nor taken for refused', async () => {
  const client = fakeClient();
  client.put('VM', vm('default-0'));
  refusing(client, (each, index) =>
    client.put(
      'Session',
      index === 0 ? onVM(each, 'default-0', 'Running') : { ...each, status: { phase: 'Pending', ...NO_QUOTA, observedGeneration: 1 } },
    ),
  );
  const { exit } = await start(['x', 'y'], client);
  const left = await client.list('Session');
  assert.equal([exit, left.length, left[0]?.status?.phase], [5, 1, 'Running']);
});

test('with --queue it waits, and says why', async () => {
  const client = fakeClient();
  client.put('VM', vm('default-0'));
  refusing(client, (each) => {
    client.put('Session', { ...each, status: { phase: 'Pending', ...NO_QUOTA, observedGeneration: 1 } });
    client.put('Session', onVM(each, 'default-0', 'Running'));
  });
  const { exit } = await start(['x', '--queue'], client);
  assert.is(exit, 0);
});

test('a provider that has no machine free at the moment is waited for', async () => {
  const client = fakeClient();
  client.put('VM', vm('default-0'));
  refusing(client, (each) => {
    client.put('VMPool', pool('default'));
    client.put('Session', { ...each, status: { phase: 'Pending', ...NO_QUOTA, observedGeneration: 1 } });
    client.put('Session', onVM(each, 'default-0', 'Running'));
  });
  assert.is((await start(['x'], client)).exit, 0);
});

test('a Ctrl-C ends the waiting, not the sessions', async () => {
  const interruption = new AbortController();
  const client = fakeClient();
  client.react = async () => {
    for (const each of await client.list('Session'))
      client.put('Session', { ...each, status: { phase: 'Pending', observedGeneration: 1 } });
    setTimeout(() => interruption.abort(), 10);
  };
  const { exit, err } = await start(['x'], client, { interrupted: interruption.signal });
  assert.is(exit, 130);
  assert.match(err, "Error: interrupted; the sessions go on\nHint: Use 'berth list' to monitor.\n");
});

test('returns at once with --detach, and when no controller may be brought up', async () => {
  const client = fakeClient();
  client.react = async () => {
    for (const each of await client.list('Session'))
      client.put('Session', { ...each, status: { phase: 'Pending', observedGeneration: 1 } });
  };
  const detached = await start(['x', '--detach'], client);
  assert.match(
    detached.out,
    /^Starting 1 session\(s\)\.\.\.\n\n\[1\/1\] sess-\S+\n {2}Prompt: x\n {2}Status: pending\n\nSessions created\. Use 'berth list' to monitor\.\n$/,
  );
  client.held = undefined;
  const alone = await start(['y', '--no-up'], client);
  assert.is(alone.exit, 0);
  assert.match(alone.err, 'No controller runs: they start when one does (berth up).\n');
});

test('gives names or JSON on stdout and the story on stderr when asked', async () => {
  const client = fakeClient();
  placing(client, 4);
  const named = await start(['x', 'y', '-o', 'name'], client);
  assert.match(named.out, /^(session\.berth\.dev\/sess-20251202-083245-\w{3}\n){2}$/);
  assert.match(named.err, /^Starting 2 session/);
  const json = await start(['z', '--json'], client);
  assert.is(JSON.parse(json.out).sessions[0].prompt, 'z');
});

test('turns options into fields, unset ones absent', async () => {
  const client = fakeClient();
  const words =
    '--vm-size l --region eastus --max-turns 50 --command ultrathink --agent claude --pool p --priority=-5 --deadline 2h --retries 1 --memory-mib 1024';
  await start([...words.split(' '), '--env', 'A=b=c', 'go', '--detach'], client);
  await start(['plain', '--detach', '--deadline', 'none'], client);
  await start(['--detach', '--', 'make', '-j', '--', 'test'], client);
  assert.equal(specs(client), [
    {
      prompt: 'go',
      agent: 'claude',
      mode: 'ultrathink',
      maxTurns: 50,
      poolRef: { name: 'p' },
      size: 'l',
      region: 'eastus',
      priority: -5,
      memoryMiB: 1024,
      activeDeadlineSeconds: 7200,
      retryLimit: 1,
      env: [{ name: 'A', value: 'b=c' }],
    },
    { prompt: 'plain' },
    { command: ['make', '-j', '--', 'test'], activeDeadlineSeconds: 86_400 },
  ]);
});

test('takes a prompt that begins with a dash and can be no option', async () => {
  const client = fakeClient();
  await start(['- [ ] todo', '--detach', '-> next', '--deadline', 'none'], client);
  assert.equal(specs(client), [{ prompt: '- [ ] todo' }, { prompt: '-> next' }]);
});

test('stores the agent’s credentials of this shell as a secret and only names it in the manifest', async () => {
  const client = fakeClient();
  const env = { ANTHROPIC_API_KEY: 'sk-ant-secret', GH_TOKEN: 'gh', OPENAI_API_KEY: 'no' };
  const { err } = await start(['x', '--detach', '--env', 'GH_TOKEN=mine'], client, { env });
  assert.match(err, 'Stored ANTHROPIC_API_KEY of this shell as secret amplihack-env for the session (--no-agent-env: do not).\n');
  assert.equal(client.secretData.get('default/amplihack-env'), { ANTHROPIC_API_KEY: 'sk-ant-secret' });
  assert.equal(specs(client)[0]?.env, [
    { name: 'GH_TOKEN', value: 'mine' },
    { name: 'ANTHROPIC_API_KEY', secretRef: { name: 'amplihack-env', key: 'ANTHROPIC_API_KEY' } },
  ]);
  assert.not.match(JSON.stringify(client.applied) + err, 'sk-ant-secret');
  const without = fakeClient();
  await start(['x', '--detach', '--no-agent-env'], without, { env });
  await start(['--detach', '--', 'true'], without, { env });
  assert.is(without.secretData.size, 0);
});

test('prints manifests and does nothing with --dry-run', async () => {
  const client = fakeClient();
  const one = await start(['x', 'y', '--dry-run', '-o', 'yaml'], client, { env: { ANTHROPIC_API_KEY: 'k' } });
  assert.match(one.out, /^apiVersion: berth\.dev\/v1alpha1\nkind: Session\nmetadata:\n {2}name: sess-[\s\S]*\n---\n/);
  assert.equal([client.applied.length, client.secretData.size], [0, 0]);
  assert.is(JSON.parse((await start(['x', '--dry-run', '-o', 'json'], client)).out).kind, 'Session');
  assert.is(JSON.parse((await start(['x', 'y', '--dry-run', '--json'], client)).out).kind, 'List');
});

test('starts the sessions of a file, naming the nameless', async () => {
  const client = fakeClient();
  const documents = [
    { kind: 'Session', spec: { prompt: 'a' } },
    { kind: 'Session', metadata: { name: 'b', namespace: 'team' }, spec: { prompt: 'b' } },
  ];
  const parts = { readManifests: async () => documents.map((document, index) => ({ document, origin: `f.yaml:${index + 1}` })) };
  await start(['-f', 'f.yaml', '--detach'], client, { parts });
  const [first, second] = client.applied.map(({ document }) => (document as Session).metadata);
  assert.match(first?.name ?? '', /^sess-20251202-083245-/);
  assert.equal(second, { name: 'b', namespace: 'team' });
  const foreign = { readManifests: async () => [{ document: { kind: 'VMPool' }, origin: 'f.yaml:1' }] };
  assert.match((await start(['-f', 'f.yaml'], client, { parts: foreign })).err, 'Error: f.yaml:1: not a Session\n');
  assert.is((await start(['-f', 'f.yaml'], client, { parts: { readManifests: async () => [] } })).err, 'Error: f.yaml: nothing to start\n');
  assert.is((await start(['-f', 'f.yaml', 'x'], client, { parts })).exit, 2);
});

test('refuses what cannot be started, with exit 2', async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], 'nothing to start'],
    [[' '], 'a prompt is empty'],
    [['--'], 'no command after --'],
    [['a', 'b', '--', 'true'], 'several prompts cannot share one command'],
    [['--agent', 'claude', '--', 'true'], '--agent, --command and --max-turns do not go with a command after --'],
    [['x', '--size', 'xxl'], '--size: "xxl" is not one of s, m, l, xl'],
    [['x', '--max-turns', 'ten'], '--max-turns: "ten" is not a whole number of at least 1'],
    [['x', '--env', 'novalue'], '--env: "novalue" is not NAME=VALUE'],
    [['x', '--env-from-secret', 'nope'], '--env-from-secret: there is no secret "nope"'],
    [['x', '--repo', '/nowhere/at/all'], '--repo: /nowhere/at/all does not exist'],
  ];
  for (const [words, message] of cases) {
    const { exit, err } = await start(words, fakeClient());
    assert.is(exit, 2, message);
    assert.is(err.split('\n')[0], `Error: ${message}`);
  }
  const { err } = await start(['x', '--env-from-secret', 'nope'], fakeClient(), { invokedAs: 'amplihack remote' });
  assert.match(err, "Hint: Make it with 'amplihack remote secret set nope KEY'.\n");
});

test('makes names that are sorted, unique and not taken', () => {
  void fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (count, chance) => {
      const random = (): number => chance.next().value;
      const taken = new Set(['sess-20251202-083245-000']);
      const names = sessionNames(count, NOW, random, taken);
      assert.is(new Set(names).size, count);
      assert.equal(names, [...names].sort());
      for (const name of names) assert.ok(/^sess-20251202-083245-[0-9a-z]{3}$/.test(name) && !taken.has(name));
    }),
    { numRuns: 50 },
  );
});

test('reads environment entries', () => {
  assert.equal(parseEnv(['A=', 'B=x=y']), [
    { name: 'A', value: '' },
    { name: 'B', value: 'x=y' },
  ]);
  const keys = (secret: string) => (secret === 's' ? ['api-key', 'TOKEN'] : undefined);
  assert.equal(parseEnvFromSecret(['s', 's/other', 'X=s/api-key'], keys, 'berth'), [
    { name: 'API_KEY', secretRef: { name: 's', key: 'api-key' } },
    { name: 'TOKEN', secretRef: { name: 's', key: 'TOKEN' } },
    { name: 'other', secretRef: { name: 's', key: 'other' } },
    { name: 'X', secretRef: { name: 's', key: 'api-key' } },
  ]);
  for (const wrong of ['', '/', 'X=s', 'a/b/c']) assert.throws(() => parseEnvFromSecret([wrong], keys, 'berth'), 'is not NAME');
});

test('tells repositories apart: addresses, refs, folders', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-repo-'));
  try {
    await mkdir(join(folder, 'app#1', '.git'), { recursive: true });
    await mkdir(join(folder, 'plain'));
    const options = { cwd: folder, local: true };
    assert.equal(parseRepo('https://example.com/a.git#main', options), { git: { url: 'https://example.com/a.git', ref: 'main' } });
    assert.equal(parseRepo('git@example.com:a/b.git', options), { git: { url: 'git@example.com:a/b.git' } });
    assert.equal(parseRepo('app#1', options), { git: { url: pathToFileURL(join(folder, 'app#1')).href } });
    assert.equal(parseRepo('app#1#dev', options), { git: { url: pathToFileURL(join(folder, 'app#1')).href, ref: 'dev' } });
    assert.throws(() => parseRepo('plain', options), 'is not a Git repository');
    assert.throws(() => parseRepo('app#1', { ...options, local: false }), 'only in a pool on this machine');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('draws a live line on a terminal and takes it away', async () => {
  const client = fakeClient();
  placing(client, 4);
  const { err } = await start(['x'], client, { terminal: { stderr: true } });
  assert.ok(err === '' || err.endsWith('\r\u001b[K'), JSON.stringify(err));
});

test('says when a session is deleted before it started', async () => {
  const client = fakeClient();
  client.react = async () => {
    for (const each of await client.list('Session')) {
      client.put('Session', { ...each, status: { phase: 'Pending', observedGeneration: 1 } });
      setTimeout(() => client.remove('Session', each.metadata), 10);
    }
  };
  assert.match((await start(['x'], client)).err, /Error: session sess-\S+ was deleted before it started\n$/);
  assert.is(session('x').kind, 'Session');
});

test.run();
