// What must hold between a controller and the cloud: nothing is asked for again before its time, what was refused is told
// with its reason and when it is tried again, and nobody is trusted but the machine that was made.
import { parseTime } from '../../controller/api/clock.ts';
import { findCondition } from '../../controller/api/condition.ts';
import type { VM, VMPool } from '../../controller/api/types.generated.ts';
import { isDraining, isFailed, wasBooted } from '../../controller/reconcilers/vm/facts.ts';
import type { CloudMachine } from '../fakes/cloud.ts';
import type { Answer, Sent } from './arm/sdk.ts';
import { isBusy, LOOK_MS } from './dead-mans-switch.ts';
import type { Process } from './process.ts';
import { type RequestWatcher, vmOf, type World } from './world.ts';

type Violate = (what: string) => void;

/** What is not to be asked for again by the controller that was refused it. */
interface Refusal {
  readonly poolUID: string;
  readonly region: string;
  /** Undefined: nothing in that region. */
  readonly sku: string | undefined;
  /** Only Spot machines. */
  readonly spot: boolean;
  readonly at: number;
  readonly until: number;
}

const MINUTE = 60_000;
/** A request may have been decided on, and held up on its way, for so long before it leaves. */
const UNDER_WAY_MS = 4 * MINUTE;
/** What happened is told by then, while there is somebody to tell it. */
const TOLD_MS = 5 * MINUTE;

export const watchRequests = (world: World, violate: Violate): RequestWatcher => {
  const { timeline } = world;
  const held = new Map<string, { readonly at: number; readonly until: number }>();
  const refusals = new Map<Process, Refusal[]>();
  return {
    sends: (process, request) => {
      for (const hold of [held.get(`${process.name} ${request.region}`), held.get(`${process.name} *`)]) {
        // What is told in this very moment may cross what leaves.
        if (hold && hold.at < timeline.elapsed() && hold.until > timeline.elapsed())
          violate(`${process.name} asks region ${request.region} ${(hold.until - timeline.elapsed()) / 1000} s before it may`);
      }
      if (!request.body) return;
      const {
        location: region,
        hardwareProfile: { vmSize: sku } = {},
        tags: { vm = '', 'pool-uid': poolUID } = {},
        priority,
      } = request.body;
      const hasty = refusals
        .get(process)
        ?.find(
          (one) =>
            one.poolUID === poolUID &&
            one.region === region &&
            (one.sku ?? sku) === sku &&
            (!one.spot || priority === 'Spot') &&
            one.at < timeline.elapsed() - UNDER_WAY_MS &&
            one.until > timeline.elapsed(),
        );
      if (hasty) violate(`${vm} is asked for as ${sku} in ${region}, which was refused ${(timeline.elapsed() - hasty.at) / 1000} s ago`);
      checkKeyIsKnown(world, request, violate);
    },
    answered: (process, request, answer) => {
      const at = timeline.elapsed();
      const retryAfter = answer.status === 429 ? answer.headers.get('retry-after') : undefined;
      if (retryAfter !== undefined) held.set(`${process.name} ${request.region}`, { at, until: at + Number(retryAfter) * 1000 });
      const refusal = refusalOf(request, answer, at);
      if (!refusal) return;
      refusals.set(process, [...(refusals.get(process) ?? []), refusal]);
      timeline.at(TOLD_MS, () => checkIsTold(world, process, refusal, violate));
    },
  };
};

/** By Azure's words and how long each of them stands (AZURE.md 2). */
const refusalOf = ({ body }: Sent, { status, bodyAsText }: Answer, at: number): Refusal | undefined => {
  if (!body || status !== 409) return undefined;
  const { location: region, hardwareProfile, tags = {} } = body;
  const found = STANDS.find(([words]) => bodyAsText.includes(words));
  if (!found) return undefined;
  const [words, minutes, isForRegion] = found;
  const spot = body.priority === 'Spot';
  const stands = words === 'SkuNotAvailable' && spot ? 60 : minutes;
  const sku = isForRegion ? undefined : hardwareProfile?.vmSize;
  return { poolUID: tags['pool-uid'] ?? '', region, sku, spot, at, until: at + stands * MINUTE };
};

const STANDS: readonly (readonly [words: string, minutes: number, isForRegion: boolean])[] = [
  ['LowPriorityCores', 60, true],
  ['Total Regional Cores', 10, true],
  ['Family Cores', 10, false],
  ['SkuNotAvailable', 23 * 60, false],
  ['AllocationFailed', 60, false],
];

/** A crash after the request leaves no machine that nobody can verify. */
const checkKeyIsKnown = (world: World, { body }: Sent, violate: Violate): void => {
  const { 'vm-uid': uid = '', vm = '' } = body?.tags ?? {};
  const boot = Buffer.from(body?.osProfile?.customData ?? '', 'base64').toString('latin1');
  const key = /ed25519_public: (.+)/.exec(boot)?.[1] ?? 'none';
  const known = vmOf(world, uid);
  if (known && !known.status?.hostKey?.includes(key)) violate(`${vm} is asked for before its host key is recorded`);
};

const poolOf = (world: World, uid: string): VMPool | undefined =>
  world.database.list('VMPool').find(({ metadata }) => metadata.uid === uid);

/** Somebody was there the whole time, and nothing else went wrong that would keep it from telling. */
const checkIsTold = (world: World, process: Process, refusal: Refusal, violate: Violate): void => {
  const pool = poolOf(world, refusal.poolUID);
  if (!pool || pool.metadata.deletionTimestamp || !process.isAlive() || process.isFenced() || world.isRelaxed()) return;
  // One row stands for Spot and for regular machines: either of them may be had.
  if (pool.spec.provider.azure?.priority === 'Spot') return;
  const isAsked = pool.spec.sizes.some(({ skus }) => refusal.sku === undefined || skus?.includes(refusal.sku));
  const rows = (pool.status?.offerings ?? []).filter(({ sku, region }) => region === refusal.region && (refusal.sku ?? sku) === sku);
  if (isAsked && rows.length === 0)
    violate(`${refusal.sku} in ${refusal.region} was refused to pool ${pool.metadata.name}, which says nothing`);
  // Rows are as they were before the provider could not be asked any more.
  if (findCondition(pool.status?.conditions, 'ProviderReady')?.status !== 'True') return;
  for (const { sku, region, available, reason, retryTime } of rows) {
    if (available || reason === undefined || retryTime === undefined)
      violate(
        `${sku} in ${region} was refused to pool ${pool.metadata.name}, and its status says ${JSON.stringify({ available, reason, retryTime })}`,
      );
  }
};

/** Once everything has come to rest: what is refused no longer is not shown either. */
export const checkOfferings = (world: World, pool: VMPool, violate: Violate): void => {
  for (const { sku, region, available, retryTime } of pool.status?.offerings ?? []) {
    const late = retryTime === undefined ? 0 : world.timeline.wall() - parseTime(retryTime);
    if (!available && late > TOLD_MS)
      violate(`pool ${pool.metadata.name} still says that there is no ${sku} in ${region}, ${late / 1000} s after it was to try`);
  }
};

export const checkSwitch = (world: World, machine: CloudMachine, silentMs: number, violate: Violate): void => {
  const { deadMansSwitchSeconds = 3600, deadMansSwitchMaxSeconds = 86_400 } = poolOf(world, machine.poolUID)?.spec.provider.azure ?? {};
  if (silentMs < deadMansSwitchSeconds * 1000) violate(`${machine.vmName} deallocates itself after ${silentMs / 1000} s of silence`);
  if (isBusy(machine) && silentMs < deadMansSwitchMaxSeconds * 1000) violate(`${machine.vmName} deallocates itself under a session`);
};

/** Only for its output, when that was written down, and not once more when it was seen to start. */
export const checkStart = (world: World, machine: CloudMachine, violate: Violate): void => {
  const vm = vmOf(world, machine.vmUID);
  const begun = findCondition(vm?.status?.conditions, 'CollectingOutput')?.status;
  if (vm && begun !== 'Unknown') violate(`${machine.vmName} is started time ${machine.starts}, and its CollectingOutput is ${begun}`);
};

/** Whatever runs and nobody needs is off soon after it was last heard of, whether or not there ever is a controller again. */
export const checkIdle = (world: World, violate: Violate): void => {
  const late = 3 * LOOK_MS;
  for (const machine of world.cloud.existing()) {
    const silentMs = world.timeline.elapsed() - machine.heardAt - machine.deadMansSwitch.idleSeconds * 1000;
    if (machine.state !== 'running' || !machine.booted || silentMs < late || isBusy(machine)) continue;
    if (world.timeline.elapsed() - machine.runs.endedAt > late)
      violate(`${machine.vmName} is idle and on ${silentMs / 1000} s after it should have turned itself off`);
  }
};

/** Whoever answers in a machine's place is told nothing. */
export const checkContact = (machine: CloudMachine, violate: Violate): void => {
  if (machine.shownKey !== machine.hostKey) violate(`${machine.vmName} shows another host key, and is talked to`);
};

/** Some minutes after its key changed, where it still is another: a look that found nobody may have been told since. */
export const watchKey = (world: World, machine: CloudMachine, violate: Violate): void => {
  if (machine.shownKey === machine.hostKey) return;
  let isTold = false;
  const stop = world.database.subscribe(({ after }) => {
    if (after?.kind === 'VM' && after.metadata.uid === machine.vmUID) isTold ||= saysMismatch(after);
  });
  world.timeline.at(TOLD_MS, () => {
    stop();
    const vm = vmOf(world, machine.vmUID);
    if (vm && !isTold && !saysMismatch(vm) && world.attendedMs() >= TOLD_MS) checkMismatch(machine, vm, violate);
  });
};

const saysMismatch = (vm: VM): boolean => {
  const reason = findCondition(vm.status?.conditions, 'Ready')?.reason;
  return reason === 'HostKeyMismatch' || reason === 'Fenced';
};

const checkMismatch = (machine: CloudMachine, vm: VM, violate: Violate): void => {
  const isLeaving = vm.metadata.deletionTimestamp || isDraining(vm) || isFailed(vm) || !wasBooted(vm);
  if (isLeaving || machine.state !== 'running' || machine.unreachable || machine.shownKey === machine.hostKey) return;
  const ready = findCondition(vm.status?.conditions, 'Ready');
  violate(`${machine.vmName} shows another host key, and its condition is ${ready?.status} ${ready?.reason}`);
};
