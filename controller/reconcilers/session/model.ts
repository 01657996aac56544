// What a session's reconciler sees and what it can do. Its key launches, stops, answers, collects and cleans up; where
// the session runs is the pool's to say.
import type { Session, VM, VMPool } from '../../api/types.generated.ts';
import type { LogSummary } from '../../output/log-store.ts';
import type { HostFacts, RunFacts } from '../../session/host.ts';

export interface SessionObserved {
  readonly now: number;
  readonly session: Session;
  readonly pool?: VMPool;
  /** The VM of the placement, if that very object still exists. */
  readonly vm?: VM;
  readonly hostState?: HostFacts['state'];
  readonly hostMessage?: string;
  /** This attempt, as seen on that VM. */
  readonly run?: RunFacts;
  /** What is durable of its output, where the VM is no more to tell. */
  readonly log?: LogSummary;
  /** New output may be written into status now (SPEC 4: at most every 10 s, and few a second in all). */
  readonly outputDue: boolean;
  /** It is new, and its pool is about to say where it stands, and to write all there is to say: until then, as a time. */
  readonly awaitsPoolUntil?: number;
  /** The one secret problem that keeps it from being launched. */
  readonly secretProblem?: string;
}

export type StopMode = 'Graceful' | 'Immediate';

export type SessionAction = { readonly because: string } & (
  | { readonly do: 'hold' | 'release' | 'launch' | 'refuse' | 'clean' | 'expire' }
  | { readonly do: 'stop'; readonly mode: StopMode }
  | { readonly do: 'setDeadline'; readonly deadline: number | undefined }
  | { readonly do: 'type'; readonly input: { readonly id: string; readonly text: string } }
);
