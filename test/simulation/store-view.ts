// One controller's view of the store: writes pass through the process's faulty calls, and its watches lag, stall,
// repeat, tell old versions again, and overtake each other between objects. What they say in the end is the truth.
import { OperatorError } from '../../controller/api/error.ts';
import { type Kind, type Kinds, keyString, type Resource } from '../../controller/api/object.ts';
import type { Change, Precondition, Store } from '../../controller/store/store.ts';
import { changeOf, createChangeQueue, type MemoryDatabase } from '../fakes/memory-store.ts';
import type { Random } from '../fakes/random.ts';
import type { Timeline } from '../fakes/timeline.ts';
import type { Faults } from './faults.ts';
import type { Process } from './process.ts';

export interface StoreViewParts {
  readonly process: Process;
  readonly database: MemoryDatabase;
  readonly timeline: Timeline;
  readonly faults: Faults;
  readonly random: Random;
  /** Who is writing now, while the database tells its listeners. */
  readonly asWriter: <T>(name: string, write: () => T) => T;
  readonly recorded: (reason: string) => void;
}

/** What it wrote was on its way when it lost its office: its successor could not know of it. */
const OVERTAKEN = ', overtaken';
export const isOvertaken = (writer: string): boolean => writer.endsWith(OVERTAKEN);

export const openStoreView = (parts: StoreViewParts): Store => {
  const { process, database, faults } = parts;
  const writer = (): string => (process.isAlive() && !process.isFenced() ? process.name : `${process.name}${OVERTAKEN}`);
  const write = <T>(what: string, apply: () => T): Promise<T> => process.effect(what, () => parts.asWriter(writer(), apply));
  /** Somebody else (a label, a field manager) wrote between this controller's read and its write. */
  const meddle = (kind: Kind, at: Precondition): void => {
    const stored = database.get(kind, at);
    if (stored?.metadata.uid !== at.uid || !faults.strikes('writeConflict')) return;
    parts.asWriter('somebody', () => database.edit(kind, at, { annotations: { touched: stored.metadata.resourceVersion } }));
  };
  return {
    watch: (kind, signal) => watch(parts, kind, signal),
    get: (kind, key) => process.read(`gets ${kind} ${key.name}`, () => database.get(kind, key)),
    list: (kind) => process.read(`lists ${kind}`, () => database.list(kind)),
    secret: (key) => process.read(`reads secret ${key.name}`, () => database.secrets.get(keyString(key))),
    create: (kind, object) => write(`creates ${kind} ${object.metadata.name}`, () => database.create(kind, object)),
    delete: (kind, at) => write(`deletes ${kind} ${at.name}`, () => database.delete(kind, at)),
    patchStatus: (kind, at, status) =>
      write(`writes status of ${kind} ${at.name}`, () => {
        meddle(kind, at);
        return database.patchStatus(kind, at, status);
      }),
    patchFinalizers: (kind, at, finalizers) =>
      write(`sets finalizers of ${kind} ${at.name} to [${finalizers.join()}]`, () => {
        meddle(kind, at);
        return database.patchFinalizers(kind, at, finalizers);
      }),
    record: (event) => {
      if (process.isAlive()) parts.recorded(event.reason);
    },
  };
};

async function* watch<K extends Kind>(parts: StoreViewParts, kind: K, signal: AbortSignal): AsyncIterable<Change<K>> {
  const { database, process } = parts;
  const queue = createChangeQueue<Change<Kind>>(signal);
  for (const object of database.list(kind)) queue.push({ type: 'put', object });
  queue.push({ type: 'synced' });
  const delivery = createDelivery(parts, kind, (change) => {
    if (process.isAlive()) queue.push(change);
  });
  const stop = database.subscribe((change) => {
    if (!process.isAlive()) stop();
    else if (change.kind === kind) delivery.deliver(changeOf(change), change.before);
  });
  try {
    yield* queue.read() as AsyncIterable<Change<K>>;
  } finally {
    stop();
  }
  if (!signal.aborted) throw new OperatorError('bug', `the watch of ${kind} ended`);
}

/** Delivers changes late and in disorder between objects; of one object the last word is always the truth. */
const createDelivery = (
  { database, timeline, faults, random, process }: StoreViewParts,
  kind: Kind,
  push: (change: Change<Kind>) => void,
) => {
  /** When the last news of an object is due: nothing of it may come before that. */
  const dueAt = new Map<string, number>();
  let frozenUntil = 0;
  const lag = (): number => {
    if (faults.strikes('frozenWatch')) frozenUntil = timeline.elapsed() + random.between(5_000, 90_000);
    const frozen = Math.max(0, frozenUntil - timeline.elapsed());
    return frozen + (faults.strikes('staleCache') ? random.between(100, 30_000) : random.chance(0.2) ? random.between(1, 300) : 0);
  };
  const later = (uid: string, change: Change<Kind>) => {
    const now = timeline.elapsed();
    const at = Math.max(now + lag(), dueAt.get(uid) ?? 0);
    if (at <= now && dueAt.get(uid) !== now) return push(change);
    dueAt.set(uid, at);
    process.clock.after(at - now, () => push(change));
  };
  return {
    deliver: (change: Change<Kind>, before: Resource | undefined): void => {
      const uid = uidOf(change);
      if (before && faults.strikes('oldEvent')) later(uid, { type: 'put', object: before as Kinds[Kind] });
      later(uid, change);
      if (faults.strikes('duplicateEvent')) later(uid, change);
      if (faults.strikes('relist')) for (const object of database.list(kind)) later(object.metadata.uid, { type: 'put', object });
    },
  };
};

const uidOf = (change: Change<Kind>): string =>
  change.type === 'put' ? change.object.metadata.uid : change.type === 'gone' ? change.uid : '';
