// The provider and the hosts of a controller whose cloud is in another process (cloud-server.ts).
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { OperatorError } from '../../../controller/api/error.ts';
import type { Machine, ProviderModule } from '../../../controller/provider/provider.ts';
import type { Host, Hosts, RunFacts } from '../../../controller/session/host.ts';
import type { CloudCall, RunNews } from './cloud-server.ts';

type Call = CloudCall extends infer C ? (C extends CloudCall ? Omit<C, 'pid' | 'begunAt'> : never) : never;

export const cloudProvider = (url: string): ProviderModule => ({
  type: 'Local',
  open: () => ({
    list: async () => (await call(url, { what: 'list' })) as readonly Machine[],
    create: async ({ metadata }) => void (await call(url, { what: 'create', vmUID: metadata.uid })),
    delete: async ({ vmUID }) => void (await call(url, { what: 'delete', vmUID })),
    connect: () => {
      throw new OperatorError('bug', 'nothing is run on the machines of this cloud');
    },
    offerings: ({ spec }) => spec.sizes.map(({ name }) => ({ size: name, sku: '', region: 'local', hourlyUSD: '0', available: true })),
  }),
});

export const cloudHosts = (url: string, signal: AbortSignal): Hosts => {
  const hosts = new Map<string, Host>();
  const runs = new Map<string, Map<string, RunFacts>>();
  const listeners = new Set<Parameters<Hosts['onChange']>[0]>();
  let state: 'connecting' | 'reachable' = 'connecting';
  const since = Date.now();
  const tell: Parameters<Hosts['onChange']>[0] = (vmUID, session) => {
    for (const listener of listeners) listener(vmUID, session);
  };
  const learn = (line: string): void => {
    if (line !== '') take(JSON.parse(line) as RunNews);
    else {
      state = 'reachable';
      for (const vmUID of hosts.keys()) tell(vmUID, undefined);
    }
  };
  const take = ({ vmUID, key, run }: RunNews): void => {
    const known = runsOf(vmUID);
    const session = run?.session ?? known.get(key)?.session;
    if (run === undefined) known.delete(key);
    else known.set(key, run);
    if (state === 'reachable') tell(vmUID, session);
  };
  /** What was told meanwhile is newer than an answer that took its time. */
  const takeAnswer = (news: RunNews): void => {
    if (!runsOf(news.vmUID).has(news.key)) take(news);
  };
  const runsOf = (vmUID: string): Map<string, RunFacts> => {
    const known = runs.get(vmUID) ?? new Map<string, RunFacts>();
    runs.set(vmUID, known);
    return known;
  };
  follow(url, learn, signal).catch(() => undefined);
  const open = (vmUID: string): Host => ({
    facts: () => ({ state, since, runs: runsOf(vmUID) }),
    launch: async ({ uid, attempt, session }) =>
      takeAnswer((await call(url, { what: 'launch', vmUID, run: { uid, attempt, session } })) as RunNews),
    refuse: async ({ uid, attempt, session }) =>
      takeAnswer((await call(url, { what: 'refuse', vmUID, run: { uid, attempt, session } })) as RunNews),
    stop: async (run) => void (await call(url, { what: 'stop', vmUID, run })),
    clean: async (run) => void (await call(url, { what: 'clean', vmUID, run })),
    setDeadline: async () => undefined,
    type: async () => undefined,
  });
  return {
    open: (vmUID) => {
      if (hosts.has(vmUID)) return;
      hosts.set(vmUID, open(vmUID));
      setImmediate(tell, vmUID, undefined);
    },
    close: (vmUID) => void hosts.delete(vmUID),
    get: (vmUID) => hosts.get(vmUID),
    onChange: (listener) => void listeners.add(listener),
  };
};

const call = async (url: string, body: Call): Promise<unknown> => {
  // Stamped where it begins: right behind the fence.
  const text = JSON.stringify({ ...body, pid: process.pid, begunAt: Date.now() });
  try {
    return await (await fetch(url, { method: 'POST', body: text })).json();
  } catch (error) {
    throw new OperatorError('unavailable', `the cloud did not answer to ${body.what}`, { cause: error });
  }
};

const follow = async (url: string, learn: (line: string) => void, signal: AbortSignal): Promise<void> => {
  const { body } = await fetch(url, { signal });
  if (body === null) return;
  for await (const line of createInterface({ input: Readable.fromWeb(body) })) learn(line);
};
