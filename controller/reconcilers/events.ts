// Which actions people are told of as Events: what changed for a session or a machine, not every step on the way.
import { errorCode, errorMessage } from '../api/error.ts';
import { isAbandoned, type Kind, type Kinds } from '../api/object.ts';
import type { Action, Outcome } from '../api/reconciler.ts';
import type { EventRecord } from '../store/store.ts';
import type { PoolAction } from './pool/model.ts';

const REASONS: Readonly<Record<string, string>> = {
  placeSession: 'PlacedSession',
  drainVM: 'DrainingVM',
  createVM: 'CreatedVM',
  createMachine: 'CreatingMachine',
  deleteMachine: 'DeletingMachine',
  launch: 'LaunchedSession',
  stop: 'StoppingSession',
  type: 'TypedInput',
  expire: 'ExpiredSession',
};

/** The Event that tells of an action; undefined where it is nobody's news. */
export const eventOf = <A extends Action>(kind: Kind, { action, error }: Outcome<A>, observed: unknown): EventRecord | undefined => {
  const about = regarding(kind, action, observed);
  if (!about || (error !== undefined && isNoNews(action, errorCode(error)))) return undefined;
  const { metadata } = about.object;
  const named = { kind: about.kind, uid: metadata.uid, namespace: metadata.namespace, name: metadata.name };
  if (error !== undefined) {
    return { type: 'Warning', reason: 'ActionFailed', message: `${action.do}: ${errorMessage(error)}`, regarding: named };
  }
  if (action.do === 'release' && isAbandoned(about.object)) {
    return { type: 'Warning', reason: 'Abandoned', message: action.because, regarding: named };
  }
  const reason = REASONS[action.do];
  return reason === undefined ? undefined : { type: 'Normal', reason, message: action.because, regarding: named };
};

/** What is left of a session is cleaned up later, or goes with its machine: that one is just being deleted as a rule. */
const isNoNews = ({ do: what }: Action, code: ReturnType<typeof errorCode>): boolean =>
  code === 'conflict' || (code === 'unavailable' && what === 'clean');

/** A placement is the session's news, a drained VM the VM's; all else is told of the object that was reconciled. */
const regarding = (kind: Kind, action: Action, observed: unknown): { kind: Kind; object: Kinds[Kind] } | undefined => {
  const pooled = action as PoolAction;
  if (kind === 'VMPool' && pooled.do === 'placeSession') return { kind: 'Session', object: pooled.session };
  if (kind === 'VMPool' && pooled.do === 'drainVM') return { kind: 'VM', object: pooled.vm };
  const { session, vm, pool } = observed as { session?: Kinds['Session']; vm?: Kinds['VM']; pool?: Kinds['VMPool'] };
  const object = kind === 'Session' ? session : kind === 'VM' ? vm : pool;
  return object && { kind, object };
};
