// Tells how sessions just made get their VMs and start: the order of lines is the tutorial's, driven by what is seen.
import { findCondition } from '../../controller/api/condition.ts';
import { keyString } from '../../controller/api/object.ts';
import type { Session, VM } from '../../controller/api/types.generated.ts';
import { CliError, EXIT } from '../error.ts';
import { allStarted, provisioning, sessionBlock, vmReady } from '../render/start.ts';
import { hasRun, isFinished, poolOf, reasonOf } from '../session.ts';
import type { World } from '../world.ts';

export interface StartWatch {
  /** Keys of the sessions, in the order they were given. */
  readonly keys: readonly string[];
  /** The VMs there were before: any other one is new on its first use here. */
  readonly before: readonly VM[];
  /** Whether this session's pool makes its VMs in Azure: that takes minutes, and may be refused for quota. */
  readonly isAzure: (session: Session) => boolean;
  /** Sessions that there is no quota for wait on. */
  readonly queue: boolean;
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
}

/** No region has room for these: they would wait for nobody knows how long. */
export class QuotaRefused extends Error {
  override readonly name = 'QuotaRefused';
  /** The one that `message` is about. */
  readonly session: Session;
  readonly sessions: readonly Session[];

  constructor(session: Session, message: string, sessions: readonly Session[]) {
    super(message);
    this.session = session;
    this.sessions = sessions;
  }
}

/** A function to call with each state of the world: prints what is new, and answers true once all have started. */
export const watchStart = (watch: StartWatch): ((world: World) => true | undefined) => {
  const told: Told = { seen: new Set(), blocks: 0, reasons: new Map(), used: [], announced: new Set() };
  return (world) => {
    const sessions = watch.keys.flatMap((key) => known(told, key, world.sessions.get(key)));
    if (sessions.length < watch.keys.length) return undefined;
    tellBlocks(watch, told, sessions);
    tellWaiting(watch, told, sessions);
    tellReady(watch, told, world);
    const failed = sessions.find((session) => isFinished(session) && !hasRun(session));
    if (failed !== undefined) throw neverStarted(failed);
    refuse(watch, world, sessions);
    if (told.blocks < sessions.length || !sessions.every(hasRun)) return undefined;
    watch.print(`${allStarted(sessions.length, told.used)}\n`);
    return true;
  };
};

interface Told {
  /** Keys of the sessions the store has shown us: one of them missing is deleted, another one is yet to come. */
  readonly seen: Set<string>;
  /** How many sessions' blocks were printed, from the first on. */
  blocks: number;
  readonly reasons: Map<string, string>;
  /** VMs in the order of first use. */
  readonly used: string[];
  /** UIDs of VMs whose readiness is still to be told. */
  readonly announced: Set<string>;
}

const known = (told: Told, key: string, session: Session | undefined): readonly Session[] => {
  if (session === undefined && told.seen.has(key))
    throw new CliError(`session ${key.slice(key.indexOf('/') + 1)} was deleted before it started`);
  if (session === undefined) return [];
  told.seen.add(key);
  return [session];
};

const tellBlocks = (watch: StartWatch, told: Told, sessions: readonly Session[]): void => {
  for (let session = sessions[told.blocks]; session?.status?.vm !== undefined; session = sessions[told.blocks]) {
    const { name, uid } = session.status.vm;
    const before = watch.before.find((vm) => vm.metadata.uid === uid);
    const isFirst = !told.used.includes(name);
    const isNew = isFirst && before === undefined;
    if (isNew)
      watch.print(
        provisioning({ othersExist: hasOthers(watch, session, sessions.slice(0, told.blocks)), minutes: watch.isAzure(session) }),
      );
    if (isFirst && before?.status?.phase !== 'Ready') told.announced.add(uid);
    if (isFirst) told.used.push(name);
    told.blocks += 1;
    watch.print(sessionBlock({ index: told.blocks, count: sessions.length, session, vm: { name, isNew } }));
  }
};

/** Whether its pool had VMs before the one that was made for it: on none of them there was a place. */
const hasOthers = (watch: StartWatch, session: Session, placed: readonly Session[]): boolean => {
  const { namespace } = session.metadata;
  const pool = poolOf(session);
  return (
    watch.before.some((vm) => vm.metadata.namespace === namespace && vm.spec.poolRef.name === pool) ||
    placed.some((other) => other.metadata.namespace === namespace && poolOf(other) === pool)
  );
};

/** Each reason is said once a session: it may wait for long. */
const tellWaiting = (watch: StartWatch, told: Told, sessions: readonly Session[]): void => {
  for (const session of sessions) {
    const reason = hasRun(session) || isFinished(session) ? undefined : reasonOf(session);
    // VMBooting is what this start is about; it is told by the lines themselves.
    if (reason === undefined || reason.reason === 'VMBooting' || told.reasons.get(session.metadata.uid) === reason.reason) continue;
    told.reasons.set(session.metadata.uid, reason.reason);
    watch.say(`${session.metadata.name} waits: ${reason.reason}${reason.message ? `: ${reason.message}` : ''}\n`);
  }
};

/** Once nothing else is to be waited for: what does get its VM is not given up for what does not. */
const refuse = (watch: StartWatch, world: World, sessions: readonly Session[]): void => {
  if (watch.queue) return;
  const waiting = sessions.filter((session) => !hasRun(session));
  const refused = waiting.flatMap((session) => {
    const said = watch.isAzure(session) ? refusalOf(session, world) : undefined;
    return said === undefined ? [] : [{ session, said }];
  });
  const [first] = refused;
  if (!first || refused.length < waiting.length) return;
  throw new QuotaRefused(
    first.session,
    first.said,
    refused.map(({ session }) => session),
  );
};

/** The quota may be found used up before a VM is made for the session, or by the VM that it was placed on. */
const refusalOf = (session: Session, world: World): string | undefined => {
  const vm = [...world.vms.values()].find(({ metadata }) => metadata.uid === session.status?.vm?.uid);
  const ready = findCondition(vm?.status?.conditions, 'Ready');
  const reason = session.status?.vm ? (ready?.status === 'False' ? ready : undefined) : reasonOf(session);
  return reason?.reason === 'QuotaExceeded' ? reason.message : undefined;
};

const tellReady = (watch: StartWatch, told: Told, world: World): void => {
  for (const vm of world.vms.values()) {
    if (vm.status?.phase === 'Ready' && told.announced.delete(vm.metadata.uid)) watch.print(vmReady(vm));
  }
};

const neverStarted = (session: Session): CliError => {
  const reason = reasonOf(session);
  const why = reason === undefined ? (session.status?.phase ?? 'ended') : `${reason.reason}${reason.message ? `: ${reason.message}` : ''}`;
  const exit = reason?.reason === 'QuotaExceeded' || reason?.reason === 'BudgetExceeded' ? EXIT.quota : EXIT.error;
  return new CliError(`session ${session.metadata.name} did not start: ${why}`, { exit });
};

/** What to wait for, in a few words, for the live line. */
export const waitingFor = (world: World, keys: readonly string[]): string => {
  const wanted = new Set(keys);
  const sessions = [...world.sessions.values()].filter((session) => wanted.has(keyString(session.metadata)));
  return `${sessions.filter(hasRun).length}/${keys.length} started`;
};
