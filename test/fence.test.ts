import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode } from '../controller/api/error.ts';
import { createFence } from '../controller/fence.ts';
import type { LogStore } from '../controller/output/log-store.ts';
import type { Provider } from '../controller/provider/provider.ts';
import type { Host, Hosts } from '../controller/session/host.ts';
import type { Store } from '../controller/store/store.ts';

const test = suite('fence');

/** Every member is a function that notes its name: whatever is asked of it is seen. */
const noting = <T extends object>(called: string[], names: readonly string[]): T =>
  Object.fromEntries(names.map((name) => [name, (..._: readonly unknown[]) => void called.push(name)])) as T;

const READS = [
  'store.watch',
  'store.get',
  'store.list',
  'store.secret',
  'store.record',
  'provider.list',
  'provider.connect',
  'provider.offerings',
  'provider.hostKey',
  'provider.conditions',
  'hosts.open',
  'hosts.close',
  'hosts.onChange',
  'host.facts',
  'logs.summary',
  'logs.hasSpace',
];
const EFFECTS = [
  ...['store.create', 'store.patchStatus', 'store.patchFinalizers', 'store.delete', 'provider.create', 'provider.delete'],
  ...['provider.sweep', 'provider.release'],
  ...[
    'host.launch',
    'host.stop',
    'host.refuse',
    'host.setDeadline',
    'host.type',
    'host.clean',
    'logs.begin',
    'logs.append',
    'logs.skip',
    'logs.remove',
  ],
];

const world = (mayAct: () => boolean) => {
  const called: string[] = [];
  const namesOf = (part: string): readonly string[] =>
    [...READS, ...EFFECTS].filter((name) => name.startsWith(`${part}.`)).map((name) => name.slice(part.length + 1));
  const fence = createFence(mayAct);
  const provider = noting<Provider>(called, namesOf('provider'));
  const host = noting<Host>(called, namesOf('host'));
  const hosts = { ...noting<Hosts>(called, namesOf('hosts')), get: (uid: string) => (uid === 'known' ? host : undefined) };
  const fencedHosts = fence.hosts(hosts);
  assert.is(fencedHosts.get('unknown'), undefined);
  const modules = fence.providers(new Map([['Local', { type: 'Local', open: () => provider }]]));
  const parts: Readonly<Record<string, unknown>> = {
    store: fence.store(noting<Store>(called, namesOf('store'))),
    provider: modules.get('Local')?.open({} as never),
    hosts: fencedHosts,
    host: fencedHosts.get('known'),
    logs: fence.logs(noting<LogStore>(called, namesOf('logs'))),
  };
  const call = async (name: string): Promise<unknown> => {
    const [part = '', member = ''] = name.split('.');
    return (parts[part] as Readonly<Record<string, () => unknown>>)[member]?.();
  };
  return { called, call };
};

test('whoever leads does everything', async () => {
  const { called, call } = world(() => true);
  for (const name of [...READS, ...EFFECTS]) await call(name);
  assert.equal(
    called,
    [...READS, ...EFFECTS].map((name) => name.split('.')[1]),
  );
});

test('whoever does not lead any more reads, and changes nothing', async () => {
  const { called, call } = world(() => false);
  for (const name of READS) await call(name);
  for (const name of EFFECTS) assert.is(await call(name).then(() => 'done', errorCode), 'unavailable', name);
  assert.equal(
    called,
    READS.map((name) => name.split('.')[1]),
  );
});

test.run();
