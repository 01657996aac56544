// `berth plan`: what the controller would decide for every pool now, without doing it. Observe + decide, printed.
import { type Kind, type Kinds, keyOf, keyString, type ObjectKey } from './api/object.ts';
import type { Indexes, View } from './api/view.ts';
import type { Offering } from './provider/provider.ts';
import { createProviders, type ProviderModules } from './provider/providers.ts';
import { SESSION_INDEXES, VM_INDEXES } from './reconcilers/indexes.ts';
import { classify } from './reconcilers/pool/classify.ts';
import { decide } from './reconcilers/pool/decide.ts';
import type { PoolAction, PoolObserved } from './reconcilers/pool/model.ts';
import { createPoolObserve } from './reconcilers/pool/observe.ts';
import { offeringRows, openOfferings, skuOf } from './reconcilers/pool/offerings.ts';
import { poolNameOf } from './reconcilers/session/facts.ts';
import { createCache } from './runtime/cache.ts';
import type { Client } from './store/client.ts';

export interface Plan {
  readonly pools: readonly PoolPlan[];
}

export interface PoolPlan {
  readonly pool: ObjectKey;
  readonly actions: readonly PlannedAction[];
  readonly waiting: readonly Waiting[];
  /** What the pool can be given now, in order of preference, and why some of it is not to be had. */
  readonly offers: readonly Offer[];
}

export interface Offer {
  readonly size: string;
  /** The name of the size, where the provider has no machine types. */
  readonly sku: string;
  readonly region: string;
  readonly available: boolean;
  /** Absent where the price is not known. */
  readonly hourlyUSD?: string;
  /** How many more can be had at most; absent where nobody knows. */
  readonly room?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly retryTime?: string;
}

export interface PlannedAction {
  readonly do: string;
  /** What it is done to: a session, a VM, or the pool itself. */
  readonly on: string;
  readonly because: string;
  readonly hourlyUSD?: string;
}

export interface Waiting {
  readonly session: string;
  readonly reason: string;
  readonly message: string;
  /** Its place in the pool's queue, from 1. */
  readonly position: number;
}

export const plan = async (client: Client, modules: ProviderModules, now: number): Promise<Plan> => {
  const [sessions, vms, pools, secrets] = await Promise.all([
    client.list('Session'),
    client.list('VM'),
    client.list('VMPool'),
    client.secrets(),
  ]);
  const keys = new Map(secrets.map((secret) => [keyString(secret), Object.fromEntries(secret.keys.map((key) => [key, '']))]));
  const observe = createPoolObserve({
    pools: viewOf<'VMPool'>(pools, {}),
    sessions: viewOf<'Session'>(sessions, SESSION_INDEXES),
    vms: viewOf<'VM'>(vms, VM_INDEXES),
    secret: async (key) => keys.get(keyString(key)),
    providers: createProviders(modules),
    hosts: { get: () => undefined },
    logs: { hasSpace: async () => true },
    settle: async () => undefined,
  });
  const named = sessions.map((session) => ({ namespace: session.metadata.namespace, name: poolNameOf(session) }));
  const wanted = new Map([...pools.map(keyOf), ...named].map((key) => [keyString(key), key]));
  const observed = await Promise.all([...wanted.values()].map((key) => observe(key, now)));
  return { pools: observed.flatMap((pool) => (pool ? [planOf(unexplained(pool))] : [])) };
};

/** As if nobody had been told yet why they wait: the controller repeats no reason, and a plan tells them all. */
const unexplained = (observed: PoolObserved): PoolObserved => ({
  ...observed,
  sessions: observed.sessions.map((session) => {
    const conditions = session.status?.conditions?.filter(({ type }) => type !== 'Placed');
    return conditions ? { ...session, status: { ...session.status, conditions } } : session;
  }),
});

const planOf = (observed: PoolObserved): PoolPlan => {
  const { actions } = decide({ ...observed, isPatient: false });
  const placed = new Set(actions.flatMap((action) => (action.do === 'placeSession' ? [action.session] : [])));
  const waits = new Map(actions.flatMap((action) => (action.do === 'explainWait' ? [[action.session, action.wait] as const] : [])));
  const waiting = classify(observed).pending.flatMap(({ session }, index): Waiting[] => {
    if (placed.has(session)) return [];
    const { reason, message } = waits.get(session) ?? { reason: 'VMBooting', message: 'a VM is made for it' };
    return [{ session: session.metadata.name, reason, message, position: index + 1 }];
  });
  return {
    pool: observed.key,
    actions: actions.filter((action) => action.do !== 'explainWait').map((action) => planned(action, observed)),
    waiting,
    offers: offersOf(observed),
  };
};

/** With the back-off after VMs that never became ready, which the provider does not know of. */
const offersOf = (observed: PoolObserved): readonly Offer[] => {
  const rows = offeringRows(observed);
  const open = new Set(openOfferings(observed));
  return observed.offerings.map((offering) => {
    const { size, region, hourlyUSD, room, message } = offering;
    const sku = skuOf(offering);
    const row = rows.find((one) => one.sku === sku && one.region === region);
    return {
      size,
      sku,
      region,
      available: open.has(offering),
      ...defined({ hourlyUSD, room, reason: row?.reason, message, retryTime: row?.retryTime }),
    };
  });
};

/** Unset means absent, never null. */
const defined = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };

const planned = (action: PoolAction, { key, offerings }: PoolObserved): PlannedAction => {
  const because = action.because;
  switch (action.do) {
    case 'createVM': {
      const { size, region } = action.vm;
      const fits = (offered: Offering): boolean =>
        offered.available && offered.size === size && (region ?? offered.region) === offered.region;
      const price = offerings.find(fits)?.hourlyUSD;
      return { do: action.do, on: action.name, because, ...(price === undefined ? {} : { hourlyUSD: price }) };
    }
    case 'placeSession':
    case 'explainWait':
      return { do: action.do, on: action.session.metadata.name, because };
    case 'drainVM':
      return { do: action.do, on: action.vm.metadata.name, because };
    case 'hold':
    case 'release':
      return { do: action.do, on: key.name, because };
  }
};

const viewOf = <K extends Kind>(objects: readonly Kinds[K][], indexes: Indexes<K>): View<K> => {
  const cache = createCache(indexes);
  for (const object of objects) cache.put(object);
  return cache;
};
