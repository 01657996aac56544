// Starts the operator in a simulated process: the one place of the simulation that knows how it is put together.
import { createOperator } from '../../controller/operator.ts';
import type { LogStore } from '../../controller/output/log-store.ts';
import type { ProviderModule } from '../../controller/provider/provider.ts';
import { createProviders } from '../../controller/provider/providers.ts';
import type { Logger } from '../../controller/runtime/log.ts';
import type { Hosts } from '../../controller/session/host.ts';
import type { Store } from '../../controller/store/store.ts';
import { sweepMachines } from '../../controller/sweep-machines.ts';
import type { Process } from './process.ts';
import type { Story } from './story.ts';

export interface OperatorParts {
  readonly process: Process;
  readonly store: Store;
  readonly hosts: Hosts;
  readonly providers: ReadonlyMap<ProviderModule['type'], ProviderModule>;
  readonly logs: LogStore;
  readonly random: () => number;
  readonly story: Story;
  readonly freeze: boolean;
}

const SWEEP_MS = 180_000;

export const runOperator = (parts: OperatorParts): Promise<void> => {
  const { process, store, hosts, providers, logs, random } = parts;
  const { clock } = process;
  const log = logTo(parts);
  const operator = createOperator({ store, hosts, providers, logs, random, clock, log, freeze: parts.freeze });
  sweepMachines(
    {
      clock,
      random,
      informers: operator.informers,
      store,
      providers: createProviders(providers),
      everyMs: SWEEP_MS,
      mayAct: () => !process.isFenced(),
      onError: (pool, problem) => log.warn({ VMPool: pool, problem }, 'Could not sweep machines'),
    },
    process.signal,
  );
  return operator.run(process.signal);
};

/** What the operator logs is part of the story. */
const logTo = ({ process, story }: OperatorParts, about = ''): Logger => {
  const line = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    if (process.isAlive()) story.tell(() => `${process.name} ${level}${about}: ${message} ${describe(fields)}`);
  };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: ({ name }) => logTo({ process, story } as OperatorParts, typeof name === 'string' ? ` ${name}` : about),
  };
};

const describe = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? `${value.name}: ${value.message}` : JSON.stringify(value)}`)
    .join(' ');
