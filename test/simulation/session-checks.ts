// What must hold for sessions: nobody's spec is touched, an end is a true end and final, attempts only follow losses.
import { isDeepStrictEqual } from 'node:util';
import { parseTime } from '../../controller/api/clock.ts';
import { findCondition } from '../../controller/api/condition.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { isFinished, startedOf } from '../../controller/reconcilers/session/facts.ts';
import { isDraining, isFailed } from '../../controller/reconcilers/vm/facts.ts';
import type { RunExit } from '../../controller/session/host.ts';
import type { CloudMachine } from '../fakes/cloud.ts';
import { isOvertaken } from './store-view.ts';
import { isLive, type StartedRun, vmOf, type World } from './world.ts';

type Violate = (what: string) => void;

const FINAL = ['phase', 'reason', 'exitCode', 'attempt', 'vm', 'startTime', 'completionTime'] as const;

export const checkSession = (world: World, before: Session | undefined, after: Session | undefined, violate: Violate): void => {
  const name = (after ?? before)?.metadata.name;
  if (before && !after) {
    const left = world.started.find((begun) => begun.run.uid === before.metadata.uid && isLive(begun) && !begun.machine.unreachable);
    if (left) violate(`${name} is released while attempt ${left.run.attempt} still runs on ${left.machine.vmName}`);
  }
  if (!before || !after || before.status === after.status) return;
  if (isFinished(before)) {
    const changed = FINAL.filter((field) => !isDeepStrictEqual(before.status?.[field], after.status?.[field]));
    if (changed.length > 0) violate(`${name} is finished, yet its ${changed.join(', ')} changed`);
  }
  if (before.status?.shutdown && !after.status?.shutdown) violate(`the shutdown of ${name} was latched and is forgotten`);
  if (startedOf(before) !== 'lost' && startedOf(after) === 'lost') checkCollected(world, after, lastRun(world, after), violate);
  checkAttempt(world, before, after, violate);
  checkPlacement(world, before, after, violate);
};

const checkAttempt = (world: World, before: Session, after: Session, violate: Violate): void => {
  const was = before.status?.attempt ?? 1;
  const is = after.status?.attempt ?? 1;
  if (is === was) return;
  const name = after.metadata.name;
  if (is !== was + 1) violate(`${name} went from attempt ${was} to ${is}`);
  if (startedOf(before) !== 'lost') violate(`${name} has attempt ${is} though attempt ${was} was not started and lost`);
  const live = world.started.find((begun) => begun.run.uid === after.metadata.uid && isLive(begun));
  if (live) violate(`${name} gets attempt ${is} while attempt ${live.run.attempt} runs on ${live.machine.vmName}`);
};

const checkPlacement = (world: World, before: Session, after: Session, violate: Violate) => {
  const uid = after.status?.vm?.uid;
  if (uid === undefined || uid === before.status?.vm?.uid) return;
  const name = after.metadata.name;
  const vm = vmOf(world, uid);
  const where = vm?.metadata.name ?? 'a VM that does not exist';
  // Where two lead, or the write was on its way when its controller lost the lease, another may have given it up meanwhile:
  // nothing can start there, and it is placed anew.
  if ((!vm || isDraining(vm)) && !world.isRelaxed() && !isOvertaken(world.writer()))
    violate(`${name} is placed on ${where}${vm ? ', which is Draining' : ''}`);
  const live = world.started.find((begun) => begun.run.uid === after.metadata.uid && isLive(begun));
  if (live) violate(`${name} is placed on ${where} while it runs on ${live.machine.vmName}`);
};

/** An end needs evidence in the world, and says what really happened. */
export const checkFinish = (world: World, before: Session | undefined, after: Session, violate: Violate) => {
  if (!isFinished(after) || (before && isFinished(before))) return;
  const wrong = (what: string): void =>
    violate(`${after.metadata.name} finished as ${after.status?.phase}/${after.status?.reason}, but ${what}`);
  const live = world.started.find((begun) => begun.run.uid === after.metadata.uid && isLive(begun));
  if (live) return wrong(`attempt ${live.run.attempt} still runs on ${live.machine.vmName}`);
  const last = lastRun(world, after);
  checkEnd(world, after, last, wrong);
  checkInput(world, after, wrong);
  if (last) checkLog(world, after, last, wrong);
  checkCollected(world, after, last, wrong);
};

const lastRun = (world: World, { metadata, status }: Session): StartedRun | undefined => {
  const attempt = world.launched.filter(({ run }) => run.uid === metadata.uid && run.attempt === (status?.attempt ?? 1));
  return attempt.find(({ run }) => run.startTime !== undefined) ?? attempt.at(-1);
};

const checkEnd = (world: World, session: Session, last: StartedRun | undefined, wrong: Violate): void => {
  const { phase, reason, exitCode } = session.status ?? {};
  const exit = last?.run.exit;
  const code = exit && codeOf(exit);
  if (exitCode !== undefined && exitCode !== code) wrong(`it says exit code ${exitCode}, the program ended with ${code}`);
  const asked = session.metadata.deletionTimestamp ?? session.spec.shutdown ?? session.status?.shutdown;
  if (phase === 'Completed' && code !== 0) wrong(`the program ended with ${code}`);
  if (phase === 'Killed' && asked === undefined && !last?.run.stopping && !isPoolEnding(world, session)) wrong('nobody asked for it');
  if (phase === 'Killed' && exit?.cause === 'exited' && !last?.run.stopping && endedBefore(session)) wrong('that was asked for later');
  if (phase === 'Completed' && last?.run.stopping) wrong('it was stopped');
  if (phase !== 'Failed') return;
  if (reason === 'AgentFailed' && (exit?.cause !== 'exited' || code === 0)) wrong(`the program ended with ${JSON.stringify(exit)}`);
  if (reason === 'VMLost' && last && isThere(world, last.machine) && exit?.cause !== 'lost')
    wrong(`its run ended with ${JSON.stringify(exit)}`);
  // One that was taken away after its VM had kept it has done its work.
  if (reason === 'DeadlineExceeded' && session.spec.activeDeadlineSeconds === undefined && exit?.cause !== 'deadline')
    wrong('it has no deadline');
};

/** Whether it was seen to have ended when it was asked to. Of one lost without an exit code only a clock says since when. */
const endedBefore = ({ status: { completionTime, exitCode, shutdown } = {} }: Session): boolean =>
  completionTime !== undefined &&
  exitCode !== undefined &&
  shutdown !== undefined &&
  parseTime(completionTime) < parseTime(shutdown.requestedTime);

const codeOf = ({ code, signal }: RunExit): number | undefined => code ?? (signal === undefined ? undefined : 128 + signal);

const isPoolEnding = (world: World, session: Session): boolean =>
  world.database.get('VMPool', { namespace: session.metadata.namespace, name: session.spec.poolRef?.name ?? 'default' })?.metadata
    .deletionTimestamp !== undefined;

/** Typed at most once over all attempts, and in the order of the list. */
const checkInput = (world: World, session: Session, wrong: Violate): void => {
  const runs = world.launched.filter(({ run }) => run.uid === session.metadata.uid).toSorted((a, b) => a.run.attempt - b.run.attempt);
  const typed = runs.flatMap(({ run }) => run.typed.map(({ id }) => id));
  const inOrder = (session.spec.input ?? []).map(({ id }) => id).filter((id) => typed.includes(id));
  if (typed.join() !== inOrder.join()) wrong(`its input was typed as ${typed.join()}, not as ${inOrder.join()}`);
};

/** What a lost machine had not handed over is lost with it, but there is never a gap or a byte it did not write. */
const checkLog = (world: World, session: Session, { run, machine }: StartedRun, wrong: Violate): void => {
  const copied = copiedOf(world, session, run);
  if (!isThere(world, machine) ? !run.log.startsWith(copied) : copied !== run.log)
    wrong(`${copied.length} of the ${run.log.length} bytes it wrote are in the log store`);
};

const copiedOf = (world: World, session: Session, { base }: StartedRun['run']): string =>
  (world.logs.text(session.metadata.uid) ?? '').slice(base);

/** One that was started for its output may be given up while it boots, or can not be reached. */
const isThere = (world: World, machine: CloudMachine): boolean => {
  const vm = machine.starts === 0 ? undefined : vmOf(world, machine.vmUID);
  return machine.state === 'running' && !(vm && isFailed(vm));
};

/** Nothing is lost with a machine that keeps its disk before it was tried to be started for it. */
const checkCollected = (world: World, session: Session, last: StartedRun | undefined, violate: Violate): void => {
  const vm = last && vmOf(world, last.machine.vmUID);
  if (!vm || last.machine.state !== 'deallocated' || world.isRelaxed()) return;
  const missing = last.run.log.length - copiedOf(world, session, last.run).length;
  if (missing > 0 && !findCondition(vm.status?.conditions, 'CollectingOutput'))
    violate(`${session.metadata.name} is over, with ${missing} bytes of its output on the deallocated machine of ${vm.metadata.name}`);
};
