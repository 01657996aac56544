import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../../controller/api/types.generated.ts';
import { createSessionAct } from '../../../controller/reconcilers/session/act.ts';
import type { SessionAction } from '../../../controller/reconcilers/session/model.ts';
import type { LaunchSpec } from '../../../controller/session/host.ts';
import { placed } from '../../builders/session.ts';
import { onVM } from '../../builders/session-world.ts';
import { ago, NOW } from '../../builders/time.ts';
import { readyVM } from '../../builders/vm.ts';
import { host } from '../../builders/vm-world.ts';
import { createMemoryLogs, openMemoryLogStore } from '../../fakes/memory-log-store.ts';
import { createMemoryDatabase, openMemoryStore } from '../../fakes/memory-store.ts';
import { createToldHosts } from '../../fakes/told-hosts.ts';

const test = suite('session: act');

const { signal } = new AbortController();
const vm = readyVM('default-0');

const openWorld = () => {
  let uids = 0;
  const database = createMemoryDatabase({ now: () => NOW, newUID: () => `uid-${++uids}` });
  const hosts = createToldHosts();
  hosts.set('default-0', host());
  const logs = createMemoryLogs();
  const act = createSessionAct({ store: openMemoryStore(database), hosts, logs: openMemoryLogStore(logs) });
  /** Its change, made to a session on default-0. */
  const make = (action: object, session: Session = placed('a', vm, 'launching')) =>
    act({ because: 'of the test', ...action } as SessionAction, onVM(session, vm), signal);
  const refusal = (action: object, session?: Session) => make(action, session).then(() => 'nothing', String);
  const stored = () => {
    const made = database.create('Session', { metadata: { namespace: 'default', name: 'a' }, spec: { prompt: 'work' } });
    return { ...placed('a', vm, 'yes'), metadata: made.metadata };
  };
  return { database, hosts, logs, make, refusal, stored, spec: () => hosts.told.find(([what]) => what === 'launch')?.[2] as LaunchSpec };
};

test('what the VM does, its host is told of, for this attempt alone', async () => {
  const { make, hosts } = openWorld();
  const session = placed('a', vm, 'yes', { status: { attempt: 2 } });
  const run = { uid: 'a', attempt: 2 };
  await make({ do: 'stop', mode: 'Graceful' }, session);
  await make({ do: 'setDeadline', deadline: 7 }, session);
  await make({ do: 'type', input: { id: 'q1', text: 'yes' } }, session);
  await make({ do: 'clean' }, session);
  await make({ do: 'refuse' }, session);
  assert.equal(hosts.told.slice(0, 4), [
    ['stop', 'default-0', run, 'Graceful'],
    ['setDeadline', 'default-0', run, 7],
    ['type', 'default-0', run, { id: 'q1', text: 'yes' }],
    ['clean', 'default-0', run],
  ]);
  assert.equal(hosts.told[4], ['refuse', 'default-0', { ...run, session: { namespace: 'default', name: 'a', uid: 'a' }, logBase: 0 }]);
});

test('launches a command with its variables, its source, and the deadline that is left', async () => {
  const { make, spec, database, logs } = openWorld();
  database.secrets.set('default/keys', { api: 'hush', other: 'unasked' });
  database.secrets.set('default/login', { username: 'me', password: 'hush' });
  logs.append({ namespace: 'default', name: 'a', uid: 'a', attempt: 1 }, 0, 'of the first attempt\n');
  const env = [
    { name: 'CI', value: '1' },
    { name: 'KEY', secretRef: { name: 'keys', key: 'api' } },
  ];
  const source = { git: { url: 'https://example.org/x.git', ref: 'main', secretRef: { name: 'login' } } };
  const wanted = { command: ['make', 'test'], prompt: 'hello', env, source, activeDeadlineSeconds: 100, maxOutputMiB: 1, memoryMiB: 5 };
  await make({ do: 'launch' }, placed('a', vm, 'launching', { spec: wanted, status: { startTime: ago(30), attempt: 2 } }));
  assert.equal(spec(), {
    uid: 'a',
    attempt: 2,
    session: { namespace: 'default', name: 'a', uid: 'a' },
    argv: ['make', 'test'],
    prompt: 'hello',
    promptOnStdin: false,
    env: { CI: '1' },
    secretEnv: { KEY: 'hush' },
    git: { url: 'https://example.org/x.git', ref: 'main', credentials: { username: 'me', password: 'hush' } },
    deadline: NOW / 1000 - 30 + 100,
    maxOutputBytes: 1024 * 1024,
    logBase: 21,
    memoryMiB: 5,
    capacity: { slots: 4, memoryMiB: 131_072 },
  });
});

test('launches an agent with nothing but its prompt', async () => {
  const { make, spec } = openWorld();
  await make({ do: 'launch' }, placed('a', vm, 'launching', { spec: { agent: 'claude', activeDeadlineSeconds: 60 } }));
  assert.is(spec().promptOnStdin, true);
  assert.equal([spec().env, spec().secretEnv, spec().git, spec().deadline], [{}, {}, undefined, NOW / 1000 + 60]);
  assert.is(spec().maxOutputBytes, 4096 * 1024 * 1024);
});

test('a source without ref and secret needs neither', async () => {
  const { make, spec } = openWorld();
  await make({ do: 'launch' }, placed('a', vm, 'launching', { spec: { source: { git: { url: '/srv/x.git' } } } }));
  assert.equal([spec().git, spec().deadline], [{ url: '/srv/x.git' }, undefined]);
});

test('launches nothing while a secret is missing, and says which', async () => {
  const { refusal, hosts } = openWorld();
  const spec = { env: [{ name: 'KEY', secretRef: { name: 'keys', key: 'api' } }] };
  assert.match(await refusal({ do: 'launch' }, placed('a', vm, 'launching', { spec })), 'there is no secret keys in namespace default');
  assert.is(hosts.told.length, 0);
});

test('a VM that is not connected is to be tried again, and named', async () => {
  const { refusal, hosts } = openWorld();
  hosts.set('default-0', undefined);
  assert.match(await refusal({ do: 'clean' }), 'its VM default-0 is not connected');
});

test('is held, released, and deleted when it expires', async () => {
  const { make, database, stored } = openWorld();
  const session = stored();
  const held = await make({ do: 'hold' }, session);
  assert.equal(held?.metadata.finalizers, ['berth.dev/cleanup']);
  await make({ do: 'expire' }, session);
  const expired = database.get('Session', { namespace: 'default', name: 'a' });
  assert.ok(expired?.metadata.deletionTimestamp);
  await make({ do: 'release' }, expired);
  assert.is(database.get('Session', { namespace: 'default', name: 'a' }), undefined);
});

test.run();
