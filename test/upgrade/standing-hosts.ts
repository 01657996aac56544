// Machines and runs that follow from what is stored: where a controller that comes back finds all as it was left.
import { timestamp } from '../../controller/api/clock.ts';
import { isTrue } from '../../controller/api/condition.ts';
import type { Session, VM } from '../../controller/api/types.generated.ts';
import type { Machine, ProviderModule } from '../../controller/provider/provider.ts';
import { type Host, type Hosts, type LaunchSpec, type RunFacts, runKey } from '../../controller/session/host.ts';

/** What a program does once it is launched; nothing, if it goes on for ever. */
export type Behaviour = (name: string) => Partial<RunFacts>;

export const standingProvider = (vms: () => readonly VM[]): ProviderModule => ({
  type: 'Local',
  open: () => ({
    list: async () => vms().map(machineOf),
    create: async () => undefined,
    delete: async () => undefined,
    connect: () => {
      throw new Error('nothing is run on a machine that is not there');
    },
    offerings: ({ spec }) => spec.sizes.map(({ name }) => ({ size: name, sku: '', region: 'local', hourlyUSD: '0', available: true })),
  }),
});

const machineOf = ({ metadata, status }: VM): Machine => ({
  id: metadata.name,
  vmUID: metadata.uid,
  state: 'running',
  createdTime: status?.createdTime ?? metadata.creationTimestamp,
  region: 'local',
  hourlyUSD: '0',
});

export const standingHosts = (sessions: readonly Session[], behaviour: Behaviour): Hosts => {
  const listeners = new Set<Parameters<Hosts['onChange']>[0]>();
  const hosts = new Map<string, Host>();
  const open = (vmUID: string): Host => {
    const here = sessions.filter(({ status }) => status?.vm?.uid === vmUID && isTrue(status.conditions, 'Started'));
    const runs = new Map(
      here.filter(({ status }) => !isTrue(status?.conditions, 'Finished')).map((session) => [keyOf(session), factsOf(session)]),
    );
    const facts = { state: 'reachable' as const, since: Date.now(), runs };
    const tell = (run: RunFacts): void => {
      runs.set(runKey(run), run);
      for (const listener of listeners) listener(vmUID, run.session);
    };
    const end = (run: RunFacts | undefined, exit: object): void => {
      if (run) tell({ ...run, state: 'ended', exit: { cause: 'exited', endTime: timestamp(Date.now()), ...exit } });
    };
    return {
      facts: () => facts,
      launch: async ({ uid, attempt, session }: LaunchSpec) => {
        const started: RunFacts = { ...NOTHING_WRITTEN, uid, attempt, session, state: 'running', startTime: timestamp(Date.now()) };
        tell(started);
        const { exit, ...rest } = behaviour(session.name);
        if (exit) setTimeout(() => end(runs.get(runKey(started)), exit), 50);
        else if (Object.keys(rest).length > 0) setTimeout(() => tell({ ...started, ...rest }), 50);
      },
      stop: async (run) => end(runs.get(runKey(run)), { signal: 15 }),
      clean: async (run) => void runs.delete(runKey(run)),
      refuse: async () => undefined,
      setDeadline: async () => undefined,
      type: async () => undefined,
    };
  };
  return {
    open: (vmUID) => {
      if (!hosts.has(vmUID)) hosts.set(vmUID, open(vmUID));
      setImmediate(() => {
        for (const listener of listeners) listener(vmUID, undefined);
      });
    },
    close: (vmUID) => void hosts.delete(vmUID),
    get: (vmUID) => hosts.get(vmUID),
    onChange: (listener) => void listeners.add(listener),
  };
};

const NOTHING_WRITTEN = { logBytes: 0, copied: { bytes: 0, lines: 0, truncated: false, tail: '' }, deliveredIDs: [] };

const keyOf = ({ metadata, status }: Session): string => runKey({ uid: metadata.uid, attempt: status?.attempt ?? 1 });

const factsOf = ({ metadata, status = {} }: Session): RunFacts => ({
  ...NOTHING_WRITTEN,
  uid: metadata.uid,
  attempt: status.attempt ?? 1,
  session: { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
  state: 'running',
  ...(status.startTime === undefined ? {} : { startTime: status.startTime }),
  ...(status.waiting === undefined ? {} : { waiting: status.waiting }),
});
