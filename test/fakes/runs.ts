// What runs on one simulated VM: the on-VM contract (session/host.ts) with a supervisor that keeps going on its own,
// writes the log, knows how the program ended, and honours the claim of an attempt whatever is retried.
import { timestamp } from '../../controller/api/clock.ts';
import { OperatorError } from '../../controller/api/error.ts';
import type { LogName } from '../../controller/output/log-store.ts';
import { type LaunchSpec, type RunExit, type RunFacts, type RunID, runKey } from '../../controller/session/host.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** What a program will do when left alone. */
export interface Behaviour {
  readonly runSeconds: number;
  readonly bursts: number;
  readonly code: number;
  /** The program ends itself with this signal. */
  readonly signal?: number;
  readonly ignoresTerm: boolean;
  /** On SIGTERM it finishes well instead of dying of it. */
  readonly endsWellOnTerm: boolean;
  /** Asks at this burst and waits for an answer, a while at most. */
  readonly asksAt?: number;
  readonly preparation: 'ok' | 'source' | 'launch';
  /** The supervisor dies at this burst. */
  readonly lostAt?: number;
}

export interface Run extends RunID {
  readonly session: LogName;
  readonly behaviour: Behaviour;
  state: 'preparing' | 'running' | 'ended';
  /** What it wrote, since the attempt began. */
  log: string;
  /** Where in the session's log this attempt's output begins. */
  readonly base: number;
  memoryMiB: number;
  burst: number;
  startTime?: string;
  exit?: RunExit;
  waiting?: { readonly since: string; readonly question: string };
  readonly typed: { readonly id: string; readonly text: string }[];
  stopping?: 'Graceful' | 'Immediate';
  cancelNext: () => void;
  /** Seconds since the epoch. */
  deadline?: number;
}

export interface Runs {
  readonly all: ReadonlyMap<string, Run>;
  /** When the last one ended, cleaned up since or not, in milliseconds since the simulation began; 0 before. */
  readonly endedAt: number;
  launch(spec: LaunchSpec): void;
  refuse(spec: Pick<LaunchSpec, 'uid' | 'attempt' | 'session' | 'logBase'>): void;
  stop(id: RunID, mode: 'Graceful' | 'Immediate'): void;
  type(id: RunID, input: { readonly id: string; readonly text: string }): void;
  setDeadline(id: RunID, deadline: number | undefined): void;
  clean(id: RunID): void;
  /** The machine goes down: everything on it ends, and nobody is left to say how. What was not started yet leaves no trace. */
  powerOff(): void;
  facts(run: Run): Omit<RunFacts, 'copied'>;
}

export interface RunsParts {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly behaviourOf: (spec: Pick<LaunchSpec, 'session' | 'attempt'>) => Behaviour;
  /** An attempt was taken over; the program itself starts later, if at all. */
  readonly launched: (run: Run) => void;
  readonly started: (run: Run) => void;
  readonly changed: (run: Run) => void;
}

const ANSWER_SECONDS = 1500;
const TERM_SECONDS = 10;

export const createRuns = (parts: RunsParts): Runs => {
  const { timeline, random } = parts;
  const all = new Map<string, Run>();
  let endedAt = 0;
  /** Attempts that may not start (any more) on this VM. */
  const claimed = new Set<string>();
  const now = (): string => timestamp(timeline.wall());

  const end = (run: Run, exit: Omit<RunExit, 'endTime'>) => {
    if (run.state === 'ended') return;
    run.cancelNext();
    run.state = 'ended';
    run.exit = { ...exit, endTime: now() };
    endedAt = timeline.elapsed();
    delete run.waiting;
    parts.changed(run);
  };
  const next = (run: Run): void => {
    const { behaviour } = run;
    run.cancelNext = timeline.at((behaviour.runSeconds * 1000) / behaviour.bursts, () => burst(run));
  };
  const burst = (run: Run) => {
    const { behaviour } = run;
    if (behaviour.lostAt === run.burst) return end(run, { cause: 'lost', message: 'the supervisor died (simulated)' });
    if (behaviour.asksAt === run.burst && run.typed.length === 0) {
      run.waiting = { since: now(), question: 'Which one?' };
      run.cancelNext = timeline.at(ANSWER_SECONDS * 1000, () => end(run, { cause: 'exited', code: 75 }));
      return parts.changed(run);
    }
    write(run);
    run.burst += 1;
    if (run.burst < behaviour.bursts) next(run);
    else end(run, { cause: 'exited', ...(behaviour.signal === undefined ? { code: behaviour.code } : { signal: behaviour.signal }) });
    parts.changed(run);
  };
  const write = (run: Run): void => {
    for (let line = 0; line < 2; line++) run.log += `${run.session.name} attempt ${run.attempt} line ${run.burst * 2 + line + 1}\n`;
  };
  const start = (run: Run) => {
    const { preparation } = run.behaviour;
    if (preparation !== 'ok') return end(run, { cause: preparation, message: `${preparation} failed (simulated)` });
    run.state = 'running';
    run.startTime = now();
    parts.started(run);
    parts.changed(run);
    next(run);
    keepDeadline(run);
  };
  const keepDeadline = (run: Run) => {
    if (run.deadline === undefined || run.state !== 'running') return;
    timeline.at(Math.max(0, run.deadline * 1000 - timeline.wall()), () => {
      if (run.deadline === undefined || run.state === 'ended') return;
      if (timeline.wall() >= run.deadline * 1000) terminate(run, 'deadline');
      else keepDeadline(run); // it was moved, or the clock was
    });
  };
  const terminate = (run: Run, cause: 'exited' | 'deadline') => {
    if (run.state === 'ended') return;
    if (run.state === 'preparing') return end(run, { cause, signal: 15 });
    const { ignoresTerm, endsWellOnTerm } = run.behaviour;
    if (ignoresTerm) timeline.at(TERM_SECONDS * 1000, () => end(run, { cause, signal: 9 }));
    else timeline.at(random.between(10, 2000), () => end(run, endsWellOnTerm ? { cause, code: 0 } : { cause, signal: 15 }));
  };

  const create = (spec: Pick<LaunchSpec, 'uid' | 'attempt' | 'session' | 'logBase'>): Run => {
    const { uid, attempt, session } = spec;
    const run: Run = {
      uid,
      attempt,
      session,
      base: spec.logBase,
      behaviour: parts.behaviourOf(spec),
      state: 'preparing',
      memoryMiB: 0,
      log: '',
      burst: 0,
      typed: [],
      cancelNext: () => {},
    };
    all.set(runKey(spec), run);
    return run;
  };
  const refuseOverfull = ({ capacity, memoryMiB }: LaunchSpec): void => {
    const others = [...all.values()].filter((run) => run.state !== 'ended');
    const memory = others.reduce((sum, run) => sum + run.memoryMiB, memoryMiB);
    if (others.length < capacity.slots && memory <= capacity.memoryMiB) return;
    throw new OperatorError('unavailable', 'the VM has no room now (simulated)');
  };

  return {
    all,
    get endedAt() {
      return endedAt;
    },
    launch: (spec) => {
      const key = runKey(spec);
      if (claimed.has(key)) return;
      if ([...all.values()].some((run) => run.uid === spec.uid && run.attempt > spec.attempt)) {
        throw new OperatorError('invalid', `attempt ${spec.attempt} of ${spec.session.name} is outdated (simulated)`);
      }
      refuseOverfull(spec);
      claimed.add(key);
      const run = create(spec);
      run.memoryMiB = spec.memoryMiB;
      if (spec.deadline !== undefined) run.deadline = spec.deadline;
      parts.launched(run);
      run.cancelNext = timeline.at(random.between(50, 8000), () => start(run));
      parts.changed(run);
    },
    stop: (id, mode) => {
      const run = all.get(runKey(id));
      if (!run || run.state === 'ended' || run.stopping === 'Immediate' || run.stopping === mode) return;
      run.stopping = mode;
      if (mode === 'Immediate') end(run, { cause: 'exited', signal: 9 });
      else terminate(run, 'exited');
      parts.changed(run);
    },
    type: (id, input) => {
      const run = all.get(runKey(id));
      if (run?.state !== 'running' || run.typed.some((typed) => typed.id === input.id)) return;
      run.typed.push(input);
      const wasWaiting = run.waiting !== undefined;
      delete run.waiting;
      if (wasWaiting) {
        run.cancelNext();
        next(run);
      }
      parts.changed(run);
    },
    refuse: (spec) => {
      const key = runKey(spec);
      if (claimed.has(key)) return;
      claimed.add(key);
      end(create(spec), { cause: 'refused', message: 'it was not started, and will not be (simulated)' });
    },
    setDeadline: (id, deadline) => {
      const run = all.get(runKey(id));
      if (!run || run.state === 'ended') return;
      if (deadline === undefined) delete run.deadline;
      else run.deadline = deadline;
      keepDeadline(run);
      parts.changed(run);
    },
    clean: (id) => {
      const run = all.get(runKey(id));
      if (run?.state === 'ended') all.delete(runKey(id));
    },
    powerOff: () => {
      for (const [key, run] of all) {
        run.cancelNext();
        if (run.state === 'preparing') {
          all.delete(key);
          claimed.delete(key);
        }
        run.state = 'ended';
        run.exit ??= { cause: 'lost', endTime: now() };
      }
    },
    facts: (run) => ({
      uid: run.uid,
      attempt: run.attempt,
      session: run.session,
      state: run.state,
      logBytes: run.base + run.log.length,
      deliveredIDs: run.typed.map((typed) => typed.id),
      ...(run.startTime !== undefined && { startTime: run.startTime }),
      ...(run.exit && { exit: run.exit }),
      ...(run.waiting && { waiting: run.waiting }),
      ...(run.stopping && { stopping: run.stopping }),
      ...(run.deadline !== undefined && { deadline: run.deadline }),
    }),
  };
};
