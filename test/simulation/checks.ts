// What must hold at every moment, whoever crashed and whatever was lost: each check looks at the world's truth, never
// at what a controller believes. Changes are checked as they happen, counts after every step in which one could change.

import type { Resource } from '../../controller/api/object.ts';
import type { Session, VM } from '../../controller/api/types.generated.ts';
import type { CloudMachine } from '../fakes/cloud.ts';
import { watchKeptRefusals } from './kept-refusals.ts';
import { checkContact, checkIdle, checkStart, checkSwitch, watchKey, watchRequests } from './provider-checks.ts';
import { checkFinish, checkSession } from './session-checks.ts';
import { isOvertaken } from './store-view.ts';
import {
  checkDeletion,
  checkNewMachine,
  checkNewVM,
  checkPlacements,
  checkRuns,
  checkThrift,
  checkVMChange,
  concernsPlacements,
  concernsRuns,
  createLimits,
} from './vm-checks.ts';
import type { World } from './world.ts';

export interface Checks {
  /** The first few things that were wrong. */
  readonly violations: readonly string[];
  violate(what: string): void;
  /** After a step of simulated time. */
  afterStep(): void;
  atEnd(): void;
}

const ENOUGH = 10;
const GLANCE_MS = 5 * 60_000;

export const createChecks = (world: World): Checks => {
  const violations: string[] = [];
  const violate = (what: string): void => {
    world.story.tell(() => `*** VIOLATION: ${what}`);
    if (violations.length < ENOUGH) violations.push(what);
  };
  const limits = createLimits(world);
  /** uids of sessions that were last placed by a controller out of office. */
  const overtaken = new Set<string>();
  const notePlacer = (uid: string): void => {
    if (isOvertaken(world.writer())) overtaken.add(uid);
    else overtaken.delete(uid);
  };
  /** What each of the two counts looks at has changed. */
  let placementsDirty = false;
  let runsDirty = false;
  let launched = 0;
  const starts = new WeakMap<CloudMachine, number>();
  const written: (readonly [Resource, string])[] = [];
  world.database.subscribe(({ kind, before, after }) => {
    if (after && !world.isFrozen) written.push([after, JSON.stringify(after)]);
    if (concernsPlacements(before, after)) {
      placementsDirty = true;
      if (after?.kind === 'Session') notePlacer(after.metadata.uid);
    }
    runsDirty ||= concernsRuns(before, after);
    limits.note(before, after);
    const isOurs = world.writer().startsWith('controller');
    if (isOurs && before && after && before.spec !== after.spec) violate(`the controller wrote spec of ${kind} ${after.metadata.name}`);
    if (kind === 'Session') {
      checkSession(world, before as Session | undefined, after as Session | undefined, violate);
      if (isOurs && after) checkFinish(world, before as Session | undefined, after as Session, violate);
    }
    if (kind !== 'VM' || !isOurs || world.isRelaxed()) return;
    if (before) checkVMChange(world, before as VM, after as VM | undefined, violate);
    else {
      checkNewVM(world, limits, after as VM, violate);
      checkThrift(world, limits, after as VM, violate);
    }
  });
  world.onStart(({ run, machine }) => {
    runsDirty = true;
    const id = `${run.session.name} attempt ${run.attempt}`;
    const same = world.started.filter((other) => other.run.uid === run.uid);
    if (same.filter((other) => other.run.attempt === run.attempt).length > 1) violate(`${id} was started twice`);
    const beside = same.find((other) => other.run !== run && other.run.state === 'running');
    if (beside) violate(`${id} starts beside the live attempt ${beside.run.attempt} on ${beside.machine.vmName}`);
    if (machine.starts > 0 && !world.isRelaxed()) violate(`${id} starts on ${machine.vmName}, which was started for the output on it`);
    const session = world.database.list('Session').find((one) => one.metadata.uid === run.uid);
    if (session?.status?.completionTime) violate(`${id} starts on ${machine.vmName} though the session is finished`);
  });
  world.onMachine((machine) => {
    runsDirty = true;
    if (machine.state === 'creating' && !world.isRelaxed()) checkNewMachine(world, limits, machine, violate);
    if (machine.starts > (starts.get(machine) ?? 0) && !world.isRelaxed()) checkStart(world, machine, violate);
    starts.set(machine, machine.starts);
    if (machine.state === 'deleting' && !world.isRelaxed()) checkDeletion(world, machine, violate);
  });
  world.azure.watchers.push(watchRequests(world, violate), watchKeptRefusals(world, violate));
  world.onSwitch((machine, silentMs) => checkSwitch(world, machine, silentMs, violate));
  const lookForIdle = (): void => {
    checkIdle(world, violate);
    world.timeline.at(GLANCE_MS, lookForIdle);
  };
  lookForIdle();
  world.onMachine((machine) => watchKey(world, machine, violate));
  world.onContact((machine) => checkContact(machine, violate));
  return {
    violations,
    violate,
    afterStep: () => {
      if (placementsDirty && !world.isRelaxed()) checkPlacements(world, overtaken, violate);
      // How many runs there are on a machine rises with a launch alone.
      if (runsDirty || world.launched.length !== launched) checkRuns(world, violate);
      placementsDirty = false;
      runsDirty = false;
      launched = world.launched.length;
    },
    /** What was read is never changed in place: a controller would decide on what nobody wrote. */
    atEnd: () => {
      for (const [object, text] of written)
        if (JSON.stringify(object) !== text) violate(`${object.kind} ${object.metadata.name} was changed in place: it was ${text}`);
    },
  };
};
