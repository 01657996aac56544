// One controller's connections to the simulated VMs: what it last saw there, and the copying of logs to the log store.
// It looks again soon after something changes there, so that an idle world costs no simulated events.
import { errorCode, errorMessage, errorReason, OperatorError } from '../../controller/api/error.ts';
import type { LogName } from '../../controller/output/log-store.ts';
import type { Machine } from '../../controller/provider/provider.ts';
import { semanticallyEqual } from '../../controller/runtime/equal.ts';
import { type Host, type HostFacts, type Hosts, type RunFacts, type RunID, runKey } from '../../controller/session/host.ts';
import type { Cloud, CloudMachine } from '../fakes/cloud.ts';
import type { MemoryLogs } from '../fakes/memory-log-store.ts';
import type { Random } from '../fakes/random.ts';
import type { Run } from '../fakes/runs.ts';
import { trustedKeys } from './arm/provider.ts';
import type { Process } from './process.ts';

export interface HostsParts {
  readonly process: Process;
  readonly cloud: Cloud;
  readonly logs: MemoryLogs;
  readonly random: Random;
  /** Each time a machine is reached. */
  readonly contact: (machine: CloudMachine) => void;
}

type Listener = Parameters<Hosts['onChange']>[0];

interface Connection {
  readonly host: Host;
  close(): void;
}

export const createHosts = (parts: HostsParts): Hosts => {
  const listeners = new Set<Listener>();
  const connections = new Map<string, Connection>();
  const tell: Listener = (vmUID, session) => {
    if (!parts.process.isAlive()) return;
    for (const listener of listeners) listener(vmUID, session);
  };
  return {
    open: (vmUID, { hostKey }) => {
      if (!connections.has(vmUID)) connections.set(vmUID, connect({ vmUID, hostKey }, parts, tell));
    },
    close: (vmUID) => {
      connections.get(vmUID)?.close();
      connections.delete(vmUID);
    },
    get: (vmUID) => connections.get(vmUID)?.host,
    onChange: (listener) => {
      listeners.add(listener);
    },
  };
};

const connect = (
  { vmUID, hostKey }: Pick<Machine, 'vmUID'> & { hostKey: string | undefined },
  parts: HostsParts,
  tell: Listener,
): Connection => {
  const { process, cloud, random } = parts;
  const clock = process.clock;
  let facts: HostFacts = { state: 'connecting', since: clock.now(), runs: new Map() };
  const pinned = trustedKeys(vmUID, hostKey);
  let machine: CloudMachine | undefined;
  let closed = false;
  let lookDue = false;
  const copier = createCopier(parts, () => lookSoon());

  const lookSoon = (afterMs = random.between(20, 3000)): void => {
    if (lookDue || closed) return;
    lookDue = true;
    clock.after(afterMs, () => {
      lookDue = false;
      void look();
    });
  };
  const isTrusted = (found: CloudMachine): boolean => pinned.accepts(keyBytes(found));
  const reach = (): CloudMachine => {
    const found = cloud.byVM(vmUID);
    if (found && answers(found)) {
      if (!isTrusted(found)) throw pinned.refusal(keyBytes(found), `VM ${vmUID}`);
      parts.contact(found);
      return found;
    }
    throw new OperatorError('unavailable', `VM ${vmUID} does not answer (simulated)`);
  };
  const see = (state: HostFacts['state'], runs: HostFacts['runs'], error?: unknown): void => {
    const before = facts;
    const reason = errorReason(error);
    const why = error === undefined ? {} : { message: errorMessage(error), ...(reason === undefined ? {} : { reason }) };
    facts = { state, runs, since: before.state === state ? before.since : clock.now(), ...why };
    if (before.state !== state || before.reason !== reason) tell(vmUID, undefined);
    for (const session of changedSessions(before.runs, runs)) tell(vmUID, session);
  };
  const showAll = (seen: CloudMachine): void => {
    const runs = [...seen.runs.all.values()].map((run) => copier.facts(run, seen));
    see('reachable', new Map(runs.map((run) => [runKey(run), run])));
  };
  const look = async (): Promise<void> => {
    try {
      await process.read(`looks at ${vmUID}`, () => {
        const seen = reach();
        watch(seen);
        if (!closed) showAll(seen);
      });
    } catch (error) {
      if (closed) return;
      see('unreachable', facts.runs, error);
      watch(cloud.byVM(vmUID));
      if (machine && answers(machine)) lookSoon(isTrusted(machine) ? random.between(500, 10_000) : random.between(15_000, 30_000));
    }
  };
  const beats = (): boolean => process.isAlive() && facts.state === 'reachable' && machine !== undefined && answers(machine);
  const onWorldChange = (): void => lookSoon();
  const watch = (seen: CloudMachine | undefined): void => {
    if (machine === seen) return;
    machine?.watchers.delete(onWorldChange);
    machine?.hearts.delete(beats);
    machine = seen;
    machine?.watchers.add(onWorldChange);
    machine?.hearts.add(beats);
  };
  const change = (what: string, apply: (machine: CloudMachine) => void, signal: AbortSignal): Promise<void> =>
    process.effect(what, () => apply(reach()), signal);
  const on = (id: RunID): string => `${runKey(id)} on ${cloud.byVM(vmUID)?.vmName ?? vmUID}`;

  watch(cloud.byVM(vmUID));
  lookSoon();
  return {
    host: {
      facts: () => facts,
      launch: (spec, signal) =>
        change(
          `launches ${spec.session.name} ${on(spec)}`,
          (vm) => {
            vm.runs.launch(spec);
            showAll(vm);
          },
          signal,
        ),
      stop: (id, mode, signal) => change(`stops ${on(id)} (${mode})`, (vm) => vm.runs.stop(id, mode), signal),
      refuse: (spec, signal) =>
        change(
          `refuses ${spec.session.name} ${on(spec)}`,
          (vm) => {
            vm.runs.refuse(spec);
            showAll(vm);
          },
          signal,
        ),
      setDeadline: (id, deadline, signal) => change(`moves the deadline of ${on(id)}`, (vm) => vm.runs.setDeadline(id, deadline), signal),
      type: (id, input, signal) => change(`types ${input.id} into ${on(id)}`, (vm) => vm.runs.type(id, input), signal),
      clean: (id, signal) => change(`cleans ${on(id)}`, (vm) => vm.runs.clean(id), signal).then(() => lookSoon()),
    },
    close: () => {
      closed = true;
      watch(undefined);
    },
  };
};

const answers = ({ booted, unreachable }: CloudMachine): boolean => booted && !unreachable;

const keyBytes = ({ shownKey }: CloudMachine): Buffer => Buffer.from(shownKey.split(' ')[1] ?? '', 'base64');

const changedSessions = (before: HostFacts['runs'], after: HostFacts['runs']): readonly LogName[] => [
  ...[...after.values()].filter((run) => !semanticallyEqual(before.get(runKey(run)), run)).map((run) => run.session),
  ...[...before.values()].filter((run) => !after.has(runKey(run))).map((run) => run.session),
];

interface Copier {
  /** The run as seen now; what of its log is new is on its way to the log store from then on. */
  facts(run: Run, machine: CloudMachine): RunFacts;
}

const createCopier = ({ process, logs, random }: HostsParts, copied: () => void): Copier => {
  const busy = new Set<string>();
  const copy = async (run: Run): Promise<void> => {
    const key = runKey(run);
    const have = logs.summary(run.session).bytes;
    if (busy.has(key) || have < run.base || have >= run.base + run.log.length) return;
    busy.add(key);
    const text = run.log.slice(have - run.base);
    try {
      await process.effect(`copies ${text.length} bytes of ${key}`, () =>
        logs.append({ ...run.session, attempt: run.attempt }, have, text),
      );
      busy.delete(key);
      copied();
    } catch (error) {
      process.clock.after(errorCode(error) === 'conflict' ? 10 : random.between(2000, 20_000), () => {
        busy.delete(key);
        copied();
      });
    }
  };
  return {
    facts: (run, machine) => {
      void copy(run);
      return { ...machine.runs.facts(run), copied: logs.summary(run.session) };
    },
  };
};
