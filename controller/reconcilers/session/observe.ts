// Gathers all that a session's decision needs; the only place of this reconciler that reads.
import { parseTime } from '../../api/clock.ts';
import { keyString, type ObjectKey } from '../../api/object.ts';
import type { Session } from '../../api/types.generated.ts';
import type { View } from '../../api/view.ts';
import type { LogStore } from '../../output/log-store.ts';
import { type Hosts, type RunFacts, runKey } from '../../session/host.ts';
import type { Store } from '../../store/store.ts';
import { attemptOf, isFinished, poolNameOf, startedOf } from './facts.ts';
import type { SessionObserved } from './model.ts';
import { missingSecret, type SecretData, secretNames } from './secrets.ts';

export interface SessionReads {
  readonly pools: View<'VMPool'>;
  readonly sessions: View<'Session'>;
  readonly vms: View<'VM'>;
  readonly hosts: Hosts;
  readonly logs: Pick<LogStore, 'summary'>;
  readonly store: Pick<Store, 'get' | 'secret'>;
  /** How long the output in status may be behind, and whether one more such write may be made now. */
  readonly outputIntervalMs: number;
  takeOutputTurn(): boolean;
}

/** Within that time the pool of a new session is expected to place it, or to say why not, also where it has many to place. */
const POOL_MS = 60_000;

export const createSessionObserve = (reads: SessionReads) => {
  const newSince = createFirstSights();
  return async (key: ObjectKey, now: number): Promise<SessionObserved | undefined> => {
    const session = reads.sessions.get(key);
    const since = newSince(key, session, now);
    if (!session) return undefined;
    const pool = reads.pools.get({ namespace: key.namespace, name: poolNameOf(session) });
    const seen = await onVM(reads, session);
    const unseenOutput = !seen.run && session.status?.startTime !== undefined && !isFinished(session);
    const launching = !seen.run && startedOf(session) === 'launching';
    return {
      now,
      session,
      ...(pool ? { pool } : {}),
      ...(pool && since !== undefined && now - since < POOL_MS ? { awaitsPoolUntil: since + POOL_MS } : {}),
      ...seen,
      ...(unseenOutput ? { log: await reads.logs.summary({ ...key, uid: session.metadata.uid }) } : {}),
      ...(launching ? await secretProblem(reads.store, session) : {}),
      outputDue: seen.run !== undefined && !isFinished(session) && isOutputDue(reads, session, seen.run, now),
    };
  };
};

/** When a session that nothing was written of yet was first looked at. */
const createFirstSights = () => {
  const times = new Map<string, { readonly uid: string; readonly at: number }>();
  return (key: ObjectKey, session: Session | undefined, now: number): number | undefined => {
    const id = keyString(key);
    if (session === undefined || session.status?.phase !== undefined) {
      times.delete(id);
      return undefined;
    }
    const { uid } = session.metadata;
    const known = times.get(id);
    if (known?.uid === uid) return known.at;
    times.set(id, { uid, at: now });
    return now;
  };
};

type OnVM = Pick<SessionObserved, 'vm' | 'hostState' | 'hostMessage' | 'run'>;

const onVM = async (reads: SessionReads, session: Session): Promise<OnVM> => {
  const { metadata, status } = session;
  if (!status?.vm) return {};
  const vmKey = { namespace: metadata.namespace, name: status.vm.name };
  // Without its VM an unfinished session is lost: the store has to say that it is gone.
  const named = reads.vms.get(vmKey) ?? (isFinished(session) ? undefined : await reads.store.get('VM', vmKey));
  const host = reads.hosts.get(status.vm.uid)?.facts();
  const run = host?.runs.get(runKey({ uid: metadata.uid, attempt: attemptOf(session) }));
  return {
    ...(named?.metadata.uid === status.vm.uid ? { vm: named } : {}),
    ...(host ? { hostState: host.state } : {}),
    ...(host?.message === undefined ? {} : { hostMessage: host.message }),
    ...(run ? { run } : {}),
  };
};

const isOutputDue = (reads: SessionReads, session: Session, run: RunFacts, now: number): boolean => {
  const { output } = session.status ?? {};
  if (run.copied.bytes === (output?.bytes ?? 0)) return false;
  const elapsed = output ? now - parseTime(output.updatedTime) : Number.POSITIVE_INFINITY;
  // A clock that was set back must not stop the output for as long.
  return (elapsed >= reads.outputIntervalMs || elapsed < 0) && reads.takeOutputTurn();
};

const secretProblem = async (store: Pick<Store, 'secret'>, session: Session): Promise<{ secretProblem?: string }> => {
  const found = new Map<string, SecretData | undefined>();
  for (const name of secretNames(session)) found.set(name, await store.secret({ namespace: session.metadata.namespace, name }));
  const problem = missingSecret(session, (name) => found.get(name));
  return problem === undefined ? {} : { secretProblem: problem };
};
