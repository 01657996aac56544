// Gathers all that a pool's decision needs; the only place of this reconciler that reads.
import { errorMessage } from '../../api/error.ts';
import { keyString, type ObjectKey } from '../../api/object.ts';
import { poolSettings } from '../../api/settings.ts';
import type { Session, VMPool } from '../../api/types.generated.ts';
import type { View } from '../../api/view.ts';
import type { LogStore } from '../../output/log-store.ts';
import type { Providers } from '../../provider/providers.ts';
import type { Hosts } from '../../session/host.ts';
import type { Store } from '../../store/store.ts';
import { startedOf } from '../session/facts.ts';
import { missingSecret, secretNames } from '../session/secrets.ts';
import type { PoolObserved } from './model.ts';

export interface PoolReads {
  readonly pools: View<'VMPool'>;
  readonly sessions: View<'Session'>;
  readonly vms: View<'VM'>;
  readonly secret: Store['secret'];
  readonly providers: Providers;
  readonly hosts: Pick<Hosts, 'get'>;
  readonly logs: Pick<LogStore, 'hasSpace'>;
  /** Makes the views know of writes whose answer was lost; throws while that can not be done. */
  settle(): Promise<void>;
}

const COUNTERS_MS = 5_000;

export const createPoolObserve = (reads: PoolReads) => {
  const countedAt = new Map<string, number>();
  return async (key: ObjectKey, now: number): Promise<PoolObserved | undefined> => {
    await reads.settle();
    const pool = reads.pools.get(key);
    const sessions = reads.sessions.byIndex('pool', keyString(key));
    if (!pool && sessions.length === 0) return undefined;
    const vms = reads.vms.byIndex('pool', keyString(key));
    // A clock that was set back must not stop the counters for as long.
    const sinceCounted = now - (countedAt.get(keyString(key)) ?? 0);
    const countersDue = sinceCounted >= COUNTERS_MS || sinceCounted < 0;
    if (countersDue) countedAt.set(keyString(key), now);
    return {
      now,
      key,
      ...(pool ? { pool } : {}),
      sessions,
      vms,
      reachable: new Set(vms.map(({ metadata }) => metadata.uid).filter((uid) => reads.hosts.get(uid)?.facts().state === 'reachable')),
      freeNames: pool ? freeNames(reads, key, poolSettings(pool.spec).maxVMs - vms.length) : [],
      ...offered(reads.providers, pool),
      logStoreHasSpace: await reads.logs.hasSpace(),
      missingSecrets: await missingSecrets(reads.secret, sessions),
      countersDue,
      isPatient: true,
    };
  };
};

const freeNames = (reads: PoolReads, key: ObjectKey, count: number): readonly string[] => {
  const names: string[] = [];
  for (let n = 0; names.length < count; n++) {
    const candidate = { namespace: key.namespace, name: `${key.name}-${n}` };
    const taken = reads.vms.get(candidate) !== undefined || reads.sessions.byIndex('vmName', keyString(candidate)).length > 0;
    if (!taken) names.push(candidate.name);
  }
  return names;
};

type Offered = Pick<PoolObserved, 'offerings' | 'providerConditions' | 'providerProblem'>;

const offered = (providers: Providers, pool: VMPool | undefined): Offered => {
  if (!pool) return { offerings: [] };
  try {
    const provider = providers.of(pool);
    return { offerings: provider.offerings(pool), providerConditions: provider.conditions?.(pool) ?? [] };
  } catch (error) {
    return { offerings: [], providerProblem: errorMessage(error) };
  }
};

/** Only sessions that still have to be placed are asked about, and each secret once. */
const missingSecrets = async (secret: Store['secret'], sessions: readonly Session[]): Promise<ReadonlyMap<string, string>> => {
  const waiting = sessions.filter((session) => startedOf(session) === 'no' && secretNames(session).length > 0);
  const found = new Map<string, Readonly<Record<string, string>> | undefined>();
  for (const session of waiting) {
    for (const name of secretNames(session)) {
      const key = { namespace: session.metadata.namespace, name };
      if (!found.has(keyString(key))) found.set(keyString(key), await secret(key));
    }
  }
  const missing = waiting.flatMap((session): [string, string][] => {
    const problem = missingSecret(session, (name) => found.get(keyString({ namespace: session.metadata.namespace, name })));
    return problem === undefined ? [] : [[session.metadata.uid, problem]];
  });
  return new Map(missing);
};
