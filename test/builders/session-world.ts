// What a session's reconciler sees.
import type { Session, VM } from '../../controller/api/types.generated.ts';
import type { SessionObserved } from '../../controller/reconcilers/session/model.ts';
import type { RunExit, RunFacts } from '../../controller/session/host.ts';
import { pool } from './pool.ts';
import { ago, NOW } from './time.ts';

export const sessionWorld = (session: Session, world: Partial<SessionObserved> = {}): SessionObserved => ({
  now: NOW,
  session,
  pool: pool(),
  outputDue: false,
  ...world,
});

/** Placed on a VM that answers. */
export const onVM = (session: Session, vm: VM, world: Partial<SessionObserved> = {}): SessionObserved =>
  sessionWorld(session, { vm, hostState: 'reachable', ...world });

/** Runs since half a minute, and wrote 12 bytes, all of them copied. */
export const run = (uid: string, overrides: Partial<RunFacts> = {}): RunFacts => ({
  uid,
  attempt: 1,
  session: { namespace: 'default', name: uid, uid },
  state: 'running',
  startTime: ago(30),
  logBytes: 12,
  copied: { bytes: 12, lines: 1, truncated: false, tail: 'hello world\n' },
  deliveredIDs: [],
  ...overrides,
});

export const endedRun = (uid: string, exit: Partial<RunExit> & Pick<RunExit, 'cause'>, overrides: Partial<RunFacts> = {}): RunFacts =>
  run(uid, { state: 'ended', exit: { endTime: ago(2), ...exit }, ...overrides });
