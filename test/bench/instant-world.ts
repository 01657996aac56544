// Machines that are there at once, and programs that print a line and end after a few milliseconds: what is measured on
// them is the operator itself. Time, the store and the logs are real.
import { timestamp } from '../../controller/api/clock.ts';
import type { LogStore } from '../../controller/output/log-store.ts';
import type { Machine, ProviderModule } from '../../controller/provider/provider.ts';
import { systemClock as clock } from '../../controller/runtime/clock.ts';
import { type Host, type Hosts, type LaunchSpec, type RunFacts, runKey } from '../../controller/session/host.ts';

export const instantProvider = (): ProviderModule => {
  const machines = new Map<string, Machine>();
  return {
    type: 'Local',
    open: () => ({
      list: async () => [...machines.values()],
      create: async ({ metadata }) => {
        machines.set(metadata.uid, {
          id: metadata.name,
          vmUID: metadata.uid,
          state: 'running',
          createdTime: timestamp(clock.now()),
          region: 'local',
          hourlyUSD: '0',
        });
      },
      delete: async ({ vmUID }) => void machines.delete(vmUID),
      connect: () => {
        throw new Error('nothing is to be run on a machine that is not there');
      },
      offerings: ({ spec }) => spec.sizes.map(({ name }) => ({ size: name, sku: '', region: 'local', hourlyUSD: '0', available: true })),
    }),
  };
};

const LINE = Buffer.from('done\n');
const NOTHING_COPIED = { bytes: 0, lines: 0, truncated: false, tail: '' };

export const instantHosts = (logs: LogStore, runMs: number): Hosts => {
  const hosts = new Map<string, Host>();
  const listeners = new Set<Parameters<Hosts['onChange']>[0]>();
  const open = (vmUID: string): Host => {
    const since = clock.now();
    const runs = new Map<string, RunFacts>();
    const tell = (facts: RunFacts): void => {
      runs.set(runKey(facts), facts);
      for (const listener of listeners) listener(vmUID, facts.session);
    };
    const end = async (running: RunFacts): Promise<void> => {
      const copied = await logs.append({ ...running.session, attempt: 1 }, 0, LINE);
      tell({
        ...running,
        state: 'ended',
        exit: { cause: 'exited', code: 0, endTime: timestamp(clock.now()) },
        logBytes: LINE.length,
        copied,
      });
    };
    return {
      facts: () => ({ state: 'reachable', since, runs }),
      launch: async ({ uid, attempt, session }: LaunchSpec) => {
        const startTime = timestamp(clock.now());
        const running: RunFacts = {
          uid,
          attempt,
          session,
          state: 'running',
          startTime,
          logBytes: 0,
          copied: NOTHING_COPIED,
          deliveredIDs: [],
        };
        tell(running);
        clock.after(runMs, () => void end(running));
      },
      stop: async () => undefined,
      refuse: async () => undefined,
      setDeadline: async () => undefined,
      type: async () => undefined,
      clean: async (run) => void runs.delete(runKey(run)),
    };
  };
  return {
    open: (vmUID) => {
      if (hosts.has(vmUID)) return;
      hosts.set(vmUID, open(vmUID));
      clock.after(0, () => {
        for (const listener of listeners) listener(vmUID, undefined);
      });
    },
    close: (vmUID) => void hosts.delete(vmUID),
    get: (vmUID) => hosts.get(vmUID),
    onChange: (listener) => void listeners.add(listener),
  };
};
