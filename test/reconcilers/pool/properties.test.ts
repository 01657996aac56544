import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMoney } from '../../../controller/api/money.ts';
import type { Session, VM } from '../../../controller/api/types.generated.ts';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import type { PoolAction, PoolObserved } from '../../../controller/reconcilers/pool/model.ts';
import { drainingStatus, placedStatus, waitingStatus } from '../../../controller/reconcilers/pool/patches.ts';
import { queue } from '../../../controller/reconcilers/pool/queue.ts';
import { memoryOf, occupiedVM, startedOf } from '../../../controller/reconcilers/session/facts.ts';
import { isDraining, isFailed, isUnreachable } from '../../../controller/reconcilers/vm/facts.ts';
import { offering, pool, poolWorld } from '../../builders/pool.ts';
import { placed, session } from '../../builders/session.ts';
import { ago } from '../../builders/time.ts';
import { bootingVM, drainingVM, failedVM, newVM, readyVM, unreachableVM, type VMOverrides } from '../../builders/vm.ts';

const test = suite('pool: properties');

const SIZES = [{ name: 'l' as const }, { name: 's' as const }];
const MEMORY = { l: 131_072, s: 32_768 } as const;

const STATES: readonly ((name: string, overrides: VMOverrides, seconds: number) => VM)[] = [
  (name, overrides) => readyVM(name, overrides),
  (name, overrides) => readyVM(name, overrides),
  (name, overrides) => bootingVM(name, overrides),
  (name, overrides) => drainingVM(name, overrides),
  (name, overrides, seconds) => failedVM(name, seconds, overrides),
  (name, overrides, seconds) => unreachableVM(name, seconds, overrides),
  (name, { status: _status, ...unseen }) => newVM(name, unseen),
];

const vmOf = fc
  .record({
    state: fc.constantFrom(...STATES),
    size: fc.constantFrom('l' as const, 's' as const),
    region: fc.constantFrom('east', 'west'),
    cordoned: fc.boolean(),
    deleted: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    idle: fc.integer({ min: 0, max: 4000 }),
  })
  .map(({ state, size, region, cordoned, deleted, idle }) => (name: string): VM => {
    const meta = { creationTimestamp: ago(idle), ...(deleted ? { deletionTimestamp: ago(1) } : {}) };
    const spec = { size, region, cordoned, slots: size === 'l' ? 4 : 1 };
    const status = { region, memoryMiB: MEMORY[size], idleSince: ago(idle) };
    return state(name, { meta, spec, status }, idle);
  });

const sessionOf = fc.record({
  spec: fc.record({
    memoryMiB: fc.constantFrom(8_000, 16_384, 30_000, 100_000, 200_000),
    priority: fc.integer({ min: 0, max: 2 }),
    size: fc.constantFrom(undefined, 'l' as const, 's' as const, 'xl' as const),
    region: fc.constantFrom(undefined, undefined, 'east', 'mars'),
  }),
  age: fc.integer({ min: 0, max: 4000 }),
  on: fc.option(fc.nat(9), { nil: undefined }),
  started: fc.constantFrom('no' as const, 'launching' as const, 'yes' as const, 'lost' as const),
  deleted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

const world = fc
  .record({
    vms: fc.array(vmOf, { maxLength: 10 }),
    sessions: fc.array(sessionOf, { maxLength: 40 }),
    maxVMs: fc.integer({ min: 0, max: 12 }),
    minVMs: fc.integer({ min: 0, max: 3 }),
    warmSlots: fc.integer({ min: 0, max: 5 }),
    budget: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    paused: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    deleting: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    full: fc.boolean(),
  })
  .map((made): PoolObserved => {
    const vms = made.vms.map((vm, n) => vm(`default-${n}`));
    const taken = new Map<string, { slots: number; memory: number }>();
    const sessions = made.sessions.map(({ spec: { size, region, ...rest }, age, on, started, deleted }, n): Session => {
      const spec = { ...rest, ...(size ? { size } : {}), ...(region ? { region } : {}) };
      const meta = { creationTimestamp: ago(age), ...(deleted ? { deletionTimestamp: ago(1) } : {}) };
      const vm = on === undefined ? undefined : vms[on];
      const used = taken.get(vm?.metadata.name ?? '') ?? { slots: 0, memory: 0 };
      const fits =
        vm && used.slots < vm.spec.slots && used.memory + rest.memoryMiB <= (vm.status?.memoryMiB ?? MEMORY[vm.spec.size as 'l']);
      if (!vm || !fits) return session(`s${n}`, { meta, spec });
      taken.set(vm.metadata.name, { slots: used.slots + 1, memory: used.memory + rest.memoryMiB });
      return placed(`s${n}`, vm, started, { meta, spec });
    });
    const { maxVMs, minVMs, warmSlots, paused, budget, deleting, full } = made;
    const limits = budget === undefined ? {} : { budget: { maxHourlyUSD: String(budget) } };
    const offerings = ['east', 'west'].flatMap((region) =>
      SIZES.map(({ name }) => offering(name, { region, available: !(full && region === 'east') })),
    );
    return poolWorld(
      pool({
        spec: { sizes: SIZES, maxVMs, minVMs: Math.min(minVMs, maxVMs), warmSlots, paused, ...limits },
        ...(deleting ? { meta: { deletionTimestamp: ago(1) } } : {}),
      }),
      { vms, sessions, offerings },
    );
  });

const of = <D extends PoolAction['do']>(actions: readonly PoolAction[], what: D) =>
  actions.filter((action): action is Extract<PoolAction, { do: D }> => action.do === what);
const check = (holds: (observed: PoolObserved, actions: readonly PoolAction[]) => void): void =>
  void fc.assert(
    fc.property(world, (observed) => holds(observed, decide(observed).actions)),
    { numRuns: 300 },
  );
const classOf = (one: Session): string => `${one.spec.size} ${one.spec.region} ${memoryOf(one)}`;

test('never more sessions on a VM than slots or memory, with those of this pass', () => {
  check(({ sessions, vms }, actions) => {
    for (const vm of vms) {
      const added = of(actions, 'placeSession')
        .filter((action) => action.vm === vm)
        .map((action) => action.session);
      if (added.length === 0) continue;
      const all = [...new Set([...sessions.filter((one) => occupiedVM(one) === vm.metadata.uid), ...added])];
      assert.ok(all.length <= vm.spec.slots);
      assert.ok(all.reduce((sum, one) => sum + memoryOf(one), 0) <= (vm.status?.memoryMiB ?? MEMORY[vm.spec.size as 'l']));
    }
  });
});

test('never more VMs than maxVMs or the budget allows', () => {
  check(({ pool: of_, vms, offerings }, actions) => {
    const made = of(actions, 'createVM');
    if (made.length === 0 || !of_) return;
    assert.ok(vms.length + made.length <= (of_.spec.maxVMs ?? 10));
    const budget = of_.spec.budget && parseMoney(of_.spec.budget.maxHourlyUSD);
    const price = parseMoney(offerings[0]?.hourlyUSD ?? '');
    if (budget !== undefined) assert.ok((vms.length + made.length) * price <= budget);
    assert.is(new Set([...vms.map(({ metadata }) => metadata.name), ...made.map(({ name }) => name)]).size, vms.length + made.length);
  });
});

test('never places on a VM that is not ready or booting, nor drains one in the same pass', () => {
  check((_observed, actions) => {
    const drained = of(actions, 'drainVM').map(({ vm }) => vm);
    for (const { vm, session: one } of of(actions, 'placeSession')) {
      assert.not(isDraining(vm) || isFailed(vm) || isUnreachable(vm) || vm.spec.cordoned || vm.metadata.deletionTimestamp !== undefined);
      assert.not(drained.includes(vm));
      assert.ok((one.spec.region ?? vm.spec.region) === vm.spec.region && (one.spec.size ?? vm.spec.size) === vm.spec.size);
    }
  });
});

test('never drains a VM with sessions that take a slot of it unless its deletion was requested', () => {
  check(({ sessions }, actions) => {
    for (const { vm } of of(actions, 'drainVM')) {
      assert.ok(vm.metadata.deletionTimestamp || !sessions.some((one) => occupiedVM(one) === vm.metadata.uid));
      assert.not(isDraining(vm));
    }
  });
});

test('never lets one pass another of its class', () => {
  check(({ sessions }, actions) => {
    const lucky = new Set(of(actions, 'placeSession').map((action) => action.session));
    const unlucky = new Set(of(actions, 'explainWait').map((action) => action.session));
    for (const group of Map.groupBy(
      sessions.filter((one) => lucky.has(one) || unlucky.has(one)),
      classOf,
    ).values()) {
      const order = queue(group).map((one) => lucky.has(one.session));
      assert.equal(
        order,
        order.toSorted((a, b) => Number(b) - Number(a)),
      );
    }
  });
});

test('never touches a session whose launch was begun, nor one that is deleted', () => {
  check((_observed, actions) => {
    for (const { session: one } of [...of(actions, 'placeSession'), ...of(actions, 'explainWait')]) {
      assert.ok(startedOf(one) === 'no' || startedOf(one) === 'lost');
      assert.not(one.metadata.deletionTimestamp);
    }
  });
});

/** What the store holds after the decision was carried out; new VMs are ready, and VMs that may go are gone. */
const apply = (observed: PoolObserved, actions: readonly PoolAction[]): PoolObserved => {
  const { now, pool: owner } = observed;
  const status = new Map<Session, Session>();
  for (const { session: one, vm, attempt, launching } of of(actions, 'placeSession'))
    status.set(one, { ...one, status: placedStatus(one, vm, attempt, launching, now) });
  for (const { session: one, wait } of of(actions, 'explainWait')) status.set(one, { ...one, status: waitingStatus(one, wait, now) });
  const drained = new Map(of(actions, 'drainVM').map(({ vm, because }) => [vm, { ...vm, status: drainingStatus(vm, because, now) }]));
  const sessions = observed.sessions.map((one) => status.get(one) ?? one);
  const made = of(actions, 'createVM').map(({ name, vm }) =>
    readyVM(name, { spec: vm, status: { memoryMiB: vm.memoryMiB, region: vm.region ?? 'west', idleSince: ago(0) } }),
  );
  const vms = observed.vms
    .map((vm) => drained.get(vm) ?? vm)
    .filter((vm) => !isDraining(vm) || sessions.some(({ status: known }) => known?.vm?.uid === vm.metadata.uid));
  if (!owner) throw new Error('there is a pool in these worlds');
  return poolWorld(owner, { sessions, vms: [...vms, ...made], offerings: observed.offerings });
};

test('eventually settles, and then every pending session is placed or has a reason', () => {
  void fc.assert(
    fc.property(world, (first) => {
      let observed = first;
      for (let pass = 0; pass < 12; pass++) {
        const { actions } = decide(observed);
        if (actions.every((action) => action.do === 'release')) break;
        assert.ok(pass < 11, `still ${actions.map((action) => action.do)}`);
        observed = apply(observed, actions);
      }
      for (const one of observed.sessions) {
        const condition = one.status?.conditions?.find(({ type }) => type === 'Placed');
        if (one.metadata.deletionTimestamp === undefined) assert.ok(condition?.status === 'True' || condition?.status === 'False');
      }
    }),
    { numRuns: 300 },
  );
});

test('decides the same for the same', () => {
  check((observed, actions) => assert.equal(decide(structuredClone(observed)).actions, structuredClone(actions)));
});

test.run();
