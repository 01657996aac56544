import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import { offering, pool, poolWorld } from '../../builders/pool.ts';
import { placed, session } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import { bootingVM, drainingVM, failedVM, newVM, readyVM } from '../../builders/vm.ts';
import { told } from './told.ts';

const test = suite('pool: growth');

const many = (count: number) => Array.from({ length: count }, (_, n) => session(`s${n}`, { meta: { creationTimestamp: ago(100 - n) } }));
const s = { sizes: [{ name: 's' as const }] };

test('no VM is made before the pool is held, and it is held before it is needed', () => {
  assert.equal(told(poolWorld(pool({ meta: { finalizers: [] } }), { sessions: many(1) })), ['hold: VMs are made in its name']);
});

test('never more VMs than maxVMs, whatever state they are in', () => {
  const vms = [bootingVM('default-0'), drainingVM('default-1'), failedVM('default-2', 3600)];
  const sessions = many(20);
  const actions = told(poolWorld(pool({ spec: { maxVMs: 4 } }), { vms, sessions }));
  assert.is(actions.filter((line) => line.startsWith('create')).length, 1);
  assert.is(actions.filter((line) => line.endsWith('waits: PoolFull')).length, 12);
});

test('where maxVMs decides who gets a VM, the order of the queue comes before tight packing', () => {
  const head = session('head', { spec: { memoryMiB: 10_000 }, meta: { creationTimestamp: ago(100) } });
  const large = session('large', { spec: { memoryMiB: 131_072 } });
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 1 } }), { sessions: [head, large] })), [
    'create default-0 of size l: session head fits on no VM',
    'large waits: PoolFull',
  ]);
});

test('packing is first-fit decreasing: the largest first', () => {
  const need = (name: string, memoryMiB: number) => session(name, { spec: { memoryMiB } });
  const sessions = [need('a', 40_000), need('b', 90_000), need('c', 40_000), need('d', 90_000)];
  assert.is(told(poolWorld(pool(), { sessions })).length, 2);
  const sized = [session('any'), session('large', { spec: { size: 'xl' } })];
  const large = { sizes: [{ name: 'l' as const }, { name: 'xl' as const }] };
  assert.equal(told(poolWorld(pool({ spec: large }), { sessions: sized })), ['create default-0 of size xl: session large fits on no VM']);
});

test('a VM made for a session of no size has the first size that holds its memory', () => {
  const sizes = [{ name: 's' as const }, { name: 'l' as const }];
  assert.match(told(poolWorld(pool({ spec: { sizes } }), { sessions: [session('a')] }))[0] ?? '', 'of size s');
  assert.match(
    told(poolWorld(pool({ spec: { sizes } }), { sessions: [session('a', { spec: { memoryMiB: 40_000 } })] }))[0] ?? '',
    'of size l',
  );
});

test('a size the pool does not have, and memory no VM has, are said to be so', () => {
  const sessions = [session('a', { spec: { size: 'xl' } }), session('b', { spec: { memoryMiB: 1_000_000 } })];
  const waits = decide(poolWorld(pool(), { sessions })).actions.map(({ because }) => because);
  assert.equal(waits.toSorted(), [
    'it needs 1000000 MiB, and the largest VM it may use has 131072 MiB',
    'the pool has no size xl; it has l',
  ]);
});

test('a region the pool does not have is said to be so', () => {
  const sessions = [session('a', { spec: { region: 'mars' } })];
  const because = (offerings: ReturnType<typeof offering>[]) => decide(poolWorld(pool(), { sessions, offerings })).actions[0]?.because;
  assert.is(
    because([offering('l', { region: 'east' }), offering('l', { region: 'west' })]),
    'the pool has no region mars; it has east, west',
  );
  assert.is(because([]), 'the pool has no region mars; it has none');
  assert.equal(told(poolWorld(pool(), { sessions })), ['a waits: NoMatchingRegion']);
});

test('a pool that is offered nothing has no region', () => {
  assert.equal(told(poolWorld(pool(), { sessions: many(1), offerings: [] })), ['s0 waits: NoMatchingRegion']);
});

test('a VM is made in the region a session asks for, and shared only by who may be there', () => {
  const offerings = [offering('l', { region: 'east' }), offering('l', { region: 'west' })];
  const sessions = [session('a', { spec: { region: 'west' } }), session('b', { spec: { region: 'east' } }), session('c')];
  const creations = told(poolWorld(pool(), { sessions, offerings })).filter((line) => line.startsWith('create'));
  assert.equal(creations, [
    'create default-0 of size l in west: session a fits on no VM',
    'create default-1 of size l in east: session b fits on no VM',
  ]);
});

test('the first offering that is to be had counts', () => {
  const offerings = [offering('l', { region: 'east', available: false, reason: 'QuotaExceeded' }), offering('l', { region: 'west' })];
  assert.equal(told(poolWorld(pool(), { sessions: many(1), offerings })), ['create default-0 of size l: session s0 fits on no VM']);
});

test('no offering is to be had: quota or a provider that is not ready, in its own words where it has any', () => {
  const because = (overrides: Parameters<typeof offering>[1]) =>
    decide(poolWorld(pool(), { sessions: many(1), offerings: [offering('l', { available: false, ...overrides })] })).actions[0]?.because;
  assert.is(because({ reason: 'QuotaExceeded' }), 'no quota for Sim_l in region local');
  assert.is(because({ reason: 'QuotaExceeded', message: 'ask for more cores' }), 'ask for more cores');
  assert.is(because({ reason: 'ProviderNotReady' }), 'the provider is not ready');
  assert.is(because({ reason: 'ProviderNotReady', message: 'log in first' }), 'log in first');
  const world = poolWorld(pool(), { sessions: many(1), offerings: [offering('l', { available: false, reason: 'ProviderNotReady' })] });
  assert.equal(told(world), ['s0 waits: ProviderNotReady']);
});

test('a VM that would pass the budget is not made', () => {
  const budget = { maxHourlyUSD: '2.50' };
  const actions = told(
    poolWorld(pool({ spec: { ...s, budget } }), { vms: [newVM('default-0', { spec: { size: 's' } })], sessions: many(4) }),
  );
  assert.equal(actions, [
    'place s0 on default-0, attempt 1',
    'create default-1 of size s: session s1 fits on no VM',
    's2 waits: BudgetExceeded',
    's3 waits: BudgetExceeded',
  ]);
});

test('a VM counts with the price the provider told, and until then with the dearest of its size', () => {
  const offerings = [offering('l', { hourlyUSD: '1' }), offering('l', { region: 'dear', hourlyUSD: '9' })];
  const world = (vms: ReturnType<typeof newVM>[]) =>
    poolWorld(pool({ spec: { budget: { maxHourlyUSD: '10' } } }), { vms, offerings, sessions: many(5) });
  assert.ok(told(world([readyVM('default-0', { status: { hourlyUSD: '9.5' } })])).includes('s4 waits: BudgetExceeded'));
  assert.not(told(world([newVM('default-0')])).includes('s4 waits: BudgetExceeded'));
  const dearer = poolWorld(pool({ spec: { budget: { maxHourlyUSD: '9' } } }), { vms: [newVM('default-0')], offerings, sessions: many(5) });
  assert.ok(told(dearer).includes('s4 waits: BudgetExceeded'));
});

test('where a VM has a size that is not offered any more, nothing is spent beside it until its price is known', () => {
  const world = (status: object) =>
    poolWorld(pool({ spec: { budget: { maxHourlyUSD: '100' } } }), {
      vms: [newVM('default-0', { spec: { size: 's' }, status })],
      offerings: [offering('l', { hourlyUSD: '1' })],
      sessions: many(1),
    });
  assert.equal(told(world({})), ['s0 waits: PriceUnknown']);
  assert.is(decide(world({})).actions[0]?.because, 'the pool has a budget, and the price of its VM default-0 is not known');
  assert.equal(told(world({ hourlyUSD: '0.5' })), ['create default-1 of size l: session s0 fits on no VM']);
});

test('a VM that its provider may make as a dearer one of the same region counts with that price', () => {
  const { hourlyUSD: _price, ...unpriced } = offering('l', { sku: 'Unpriced' });
  const dear = offering('l', { sku: 'Dear', hourlyUSD: '1.1', available: false });
  const offerings = [offering('l', { sku: 'Cheap', hourlyUSD: '1' }), dear, unpriced];
  const world = (maxHourlyUSD: string) => poolWorld(pool({ spec: { budget: { maxHourlyUSD } } }), { sessions: many(1), offerings });
  assert.equal(told(world('1.05')), ['s0 waits: BudgetExceeded']);
  assert.equal(told(world('1.10')), ['create default-0 of size l: session s0 fits on no VM']);
});

/** Besides what becomes of the VMs that there are. */
const grown = (world: Parameters<typeof told>[0]) => told(world).filter((line) => !line.startsWith('drain'));

test('a VM counts with what its kind costs now, where that is more than what its machine was said to cost', () => {
  const offerings = [offering('l', { sku: 'X', hourlyUSD: '4' }), offering('l', { sku: 'X', region: 'far', hourlyUSD: '9' })];
  const world = (hourlyUSD: string, kinds = offerings) =>
    poolWorld(pool({ spec: { budget: { maxHourlyUSD: '10' } } }), {
      vms: [readyVM('default-0', { spec: { cordoned: true }, status: { hourlyUSD, sku: 'X', region: 'local' } })],
      offerings: kinds,
      sessions: many(1),
    });
  const made = (of: ReturnType<typeof world>) => told(of).includes('create default-1 of size l: session s0 fits on no VM');
  assert.equal([made(world('0.5')), made(world('6')), made(world('6.5'))], [true, true, false]);
  const dearer = [offering('l', { hourlyUSD: '4' }), offering('l', { sku: 'X', hourlyUSD: '6.5' })];
  assert.is(made(world('0.5', dearer)), false, 'the price rose since it was made');
  const { hourlyUSD: _price, ...unpriced } = offering('l', { sku: 'X' });
  assert.is(made(world('0.5', [offering('l', { hourlyUSD: '4' }), unpriced])), true, 'after a restart it is not known yet');
});

test('what may become dearer than it is offered at is reckoned with as that, until its machine has said what it costs', () => {
  const offerings = [offering('l', { sku: 'X', hourlyUSD: '1', mostHourlyUSD: '5' })];
  const world = (status: object) =>
    poolWorld(pool({ spec: { budget: { maxHourlyUSD: '9' } } }), {
      vms: [newVM('default-0', { spec: { cordoned: true }, status })],
      offerings,
      sessions: many(5),
    });
  assert.is(grown(world({})).includes('s0 waits: BudgetExceeded'), true);
  assert.equal(grown(world({ hourlyUSD: '1', sku: 'X', region: 'local' })), [
    'create default-1 of size l: session s0 fits on no VM',
    's4 waits: BudgetExceeded',
  ]);
});

test('beside a VM that may be one of unknown price nothing is spent, until it is known, and that is looked for', () => {
  const { hourlyUSD: _price, ...unpriced } = offering('l', { sku: 'Unpriced' });
  const world = (status: object) =>
    poolWorld(pool({ spec: { budget: { maxHourlyUSD: '100' } } }), {
      vms: [newVM('default-0', { spec: { cordoned: true }, status })],
      offerings: [offering('l', { sku: 'Cheap', hourlyUSD: '1' }), unpriced],
      sessions: many(1),
    });
  const waits = ['s0 waits: PriceUnknown'];
  assert.equal(
    [grown(world({})), grown(world({ sku: 'Unpriced', region: 'local' })), grown(world({ sku: 'Other', region: 'local' }))],
    [waits, waits, waits],
  );
  assert.equal(grown(world({ sku: 'Cheap', region: 'local' })), ['create default-1 of size l: session s0 fits on no VM']);
  assert.is(decide(world({})).recheckAt, NOW + 30_000);
});

test('a VM of unknown price is not made in a pool with a budget, and is in one without', () => {
  const { hourlyUSD: _price, ...unpriced } = offering('l');
  const world = (budget: object, vms = [newVM('default-0')]) =>
    poolWorld(pool({ spec: budget }), { vms, sessions: many(5), offerings: [unpriced] });
  const budget = { budget: { maxHourlyUSD: '100' } };
  assert.ok(told(world(budget)).includes('s4 waits: PriceUnknown'));
  assert.is(decide(world(budget, [])).actions[0]?.because, 'the pool has a budget, and the price of the VM it would take is not known');
  assert.ok(told(world({})).includes('create default-1 of size l: session s4 fits on no VM'));
});

test('minVMs is a floor, counted without those that leave or failed', () => {
  const vms = [drainingVM('default-0'), failedVM('default-1', 3600)];
  assert.equal(
    told(poolWorld(pool({ spec: { minVMs: 2 } }), { vms })).filter((line) => line.startsWith('create')),
    ['create default-2 of size l: fewer than minVMs (2)', 'create default-3 of size l: fewer than minVMs (2)'],
  );
});

test('a VM made for a session counts for the floor', () => {
  assert.equal(told(poolWorld(pool({ spec: { minVMs: 1 } }), { sessions: many(1) })), [
    'create default-0 of size l: session s0 fits on no VM',
  ]);
});

test('warm slots are held beside what sessions take', () => {
  const warm = pool({ spec: { warmSlots: 3 } });
  assert.equal(told(poolWorld(warm)), ['create default-0 of size l: fewer than warmSlots (3) free']);
  assert.equal(told(poolWorld(warm, { vms: [newVM('default-0')], sessions: many(1) })), ['place s0 on default-0, attempt 1']);
  assert.ok(
    told(poolWorld(warm, { vms: [newVM('default-0')], sessions: many(2) })).includes(
      'create default-1 of size l: fewer than warmSlots (3) free',
    ),
  );
});

test('prime makes slots of its size and region until its time, and no more', () => {
  const sizes = [{ name: 's' as const }, { name: 'l' as const }];
  const primed = (seconds: number) => pool({ spec: { sizes, prime: { slots: 5, size: 'l', region: 'local', untilTime: ago(-seconds) } } });
  const because = `fewer than 5 primed slots free until ${ago(-10)}`;
  assert.equal(told(poolWorld(primed(10))), [
    `create default-0 of size l in local: ${because}`,
    `create default-1 of size l in local: ${because}`,
  ]);
  assert.equal(told(poolWorld(primed(0))), []);
  assert.is(decide(poolWorld(primed(10))).recheckAt, NOW + 10_000);
});

test('what stands by is limited like everything else', () => {
  assert.is(told(poolWorld(pool({ spec: { warmSlots: 100, maxVMs: 2 } }))).length, 2);
  assert.is(told(poolWorld(pool({ spec: { minVMs: 5, maxVMs: 5, budget: { maxHourlyUSD: '3' } } }))).length, 3);
  assert.is(told(poolWorld(pool({ spec: { prime: { slots: 100, untilTime: ago(-10) }, maxVMs: 2 } }))).length, 2);
});

test('without a name there is no VM', () => {
  assert.equal(told(poolWorld(pool(), { sessions: many(1), freeNames: [] })), []);
});

test('a VM that failed to boot is remade only after the back-off, from the very pass that sees it fail', () => {
  const failed = failedVM('default-0', 1);
  const lost = placed('a', failed);
  const now = poolWorld(pool(), { vms: [failed], sessions: [lost] });
  assert.equal(told(now), ['a waits: VMFailed']);
  assert.match(decide(now).actions[0]?.because ?? '', `the next is made at ${ago(-59)}`);
  assert.is(decide(now).recheckAt, NOW + 59_000);
  const later = poolWorld(pool(), { vms: [failedVM('default-0', 61)], sessions: [lost] });
  assert.ok(told(later).includes('create default-1 of size l: session a fits on no VM'));
});

test('a floor is remade after the back-off, though no session waits for it', () => {
  const status = { offerings: [{ sku: 'Sim_l', region: 'local', available: false, reason: 'VMFailed', failures: 1, retryTime: ago(-30) }] };
  const world = poolWorld(pool({ spec: { minVMs: 1 }, status }));
  assert.equal(decide(world), { actions: [], recheckAt: NOW + 30_000 });
  assert.is(told({ ...world, now: NOW + 30_000 }).length, 1);
});

test('what is still refused at its time is looked at again soon, as the provider finds out in its own time', () => {
  const refused = (seconds: number) => [offering('l', { available: false, reason: 'QuotaExceeded' as const, retryTime: ago(seconds) })];
  assert.is(decide(poolWorld(pool(), { offerings: refused(-20) })).recheckAt, NOW + 20_000);
  assert.is(decide(poolWorld(pool(), { offerings: refused(0) })).recheckAt, NOW + 30_000);
});

test('another region is used while one backs off', () => {
  const status = { offerings: [{ sku: 'Sim_l', region: 'local', available: false, reason: 'VMFailed', failures: 1, retryTime: ago(-30) }] };
  const offerings = [offering('l'), offering('l', { region: 'east' })];
  assert.equal(told(poolWorld(pool({ status }), { sessions: many(1), offerings })), [
    'create default-0 of size l: session s0 fits on no VM',
  ]);
});

test.run();
