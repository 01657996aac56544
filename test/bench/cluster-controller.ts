// The program of a controller over machines that are there at once, on a real API server: STATE-FOLDER MILLISECONDS, where
// programs run for so long; or STATE-FOLDER standing.json, where machines and programs have been running all along.
import { readFileSync } from 'node:fs';
import { runController } from '../../controller/main.ts';
import type { Machine, ProviderModule } from '../../controller/provider/provider.ts';
import { type Host, type Hosts, type RunFacts, runKey } from '../../controller/session/host.ts';
import { instantHosts, instantProvider } from './instant-world.ts';

/** Of a VM object, and what runs on its machine. */
export interface Standing {
  readonly machine: Machine;
  readonly runs: readonly { readonly uid: string; readonly name: string; readonly startTime: string }[];
}

const [state = '', world = ''] = process.argv.slice(2);
const standing = world.endsWith('.json') ? (JSON.parse(readFileSync(world, 'utf8')) as readonly Standing[]) : undefined;

const standingProvider = (all: readonly Standing[]): ProviderModule => {
  const instant = instantProvider();
  const machines = all.map(({ machine }) => machine);
  return { type: 'Local', open: (pool) => ({ ...instant.open(pool), list: async () => machines }) };
};

const standingHosts = (all: readonly Standing[]): Hosts => {
  const listeners = new Set<Parameters<Hosts['onChange']>[0]>();
  const unopened = new Map(all.map((each) => [each.machine.vmUID, each]));
  const hosts = new Map<string, Host>();
  const refuse = async (): Promise<never> => {
    throw new Error('nothing is to be done on a machine that has been running all along');
  };
  return {
    open: (vmUID) => {
      const found = unopened.get(vmUID);
      unopened.delete(vmUID);
      if (found === undefined) return;
      const runs = new Map(found.runs.map((run) => [runKey({ uid: run.uid, attempt: 1 }), factsOf(run)]));
      const facts = { state: 'reachable' as const, since: Date.now(), runs };
      hosts.set(vmUID, {
        facts: () => facts,
        launch: refuse,
        stop: refuse,
        refuse,
        setDeadline: refuse,
        type: refuse,
        clean: refuse,
      });
      setImmediate(() => {
        for (const listener of listeners) listener(vmUID, undefined);
      });
    },
    close: (vmUID) => void hosts.delete(vmUID),
    get: (vmUID) => hosts.get(vmUID),
    onChange: (listener) => void listeners.add(listener),
  };
};

const factsOf = ({ uid, name, startTime }: Standing['runs'][number]): RunFacts => ({
  uid,
  attempt: 1,
  session: { namespace: 'default', name, uid },
  state: 'running',
  startTime,
  logBytes: 0,
  copied: { bytes: 0, lines: 0, truncated: false, tail: '' },
  deliveredIDs: [],
});

runController(
  { store: 'cluster', state },
  {
    providers: new Map([['Local', standing ? standingProvider(standing) : instantProvider()]]),
    hosts: standing ? () => standingHosts(standing) : (logs) => instantHosts(logs, Number(world)),
  },
).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
