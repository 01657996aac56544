import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide } from '../../../controller/reconcilers/pool/decide.ts';
import { condition } from '../../builders/condition.ts';
import { offering, pool, poolWorld } from '../../builders/pool.ts';
import { placed, session } from '../../builders/session.ts';
import { ago } from '../../builders/time.ts';
import { bootingVM, drainingVM, failedVM, newVM, readyVM, unreachableVM } from '../../builders/vm.ts';
import { told } from './told.ts';

const test = suite('pool: placement');

const sizes = [{ name: 'l' as const }, { name: 's' as const }];

test('three sessions applied together make one l', () => {
  assert.equal(told(poolWorld(pool(), { sessions: [session('a'), session('b'), session('c')] })), [
    'create default-0 of size l: session a fits on no VM',
  ]);
});

test('five sessions make two l, and go onto them before they are ready: four on one, one on the other', () => {
  const sessions = ['a', 'b', 'c', 'd', 'e'].map((name) => session(name));
  assert.is(told(poolWorld(pool(), { sessions })).length, 2);
  assert.equal(told(poolWorld(pool(), { sessions, vms: [newVM('default-0'), newVM('default-1')] })), [
    'place a on default-0, attempt 1',
    'place b on default-0, attempt 1',
    'place c on default-0, attempt 1',
    'place d on default-0, attempt 1',
    'place e on default-1, attempt 1',
  ]);
});

test('a session placed on a ready VM that answers is launched with the same write', () => {
  const world = { sessions: [session('a')], vms: [readyVM('default-0')] };
  assert.equal(told(poolWorld(pool(), world)), ['place a on default-0, attempt 1, launching']);
  assert.equal(told(poolWorld(pool(), { ...world, reachable: new Set() })), ['place a on default-0, attempt 1']);
  assert.is(decide(poolWorld(pool(), world)).actions[0]?.because, 'it fits best on default-0');
});

test('where one of the VMs that were planned could not be made, those that boot go to whom they were made for', () => {
  const vms = [newVM('default-0', { spec: { region: 'eastus', slots: 1 } }), newVM('default-1', { spec: { slots: 1 } })];
  const sessions = [session('a'), session('b', { spec: { region: 'eastus' } }), session('c', { spec: { region: 'westus3' } })];
  const plan = told(poolWorld(pool(), { vms, sessions }));
  assert.equal(plan.slice(0, 2), ['place b on default-0, attempt 1', 'place a on default-1, attempt 1']);
});

test('the fullest VM that still fits is taken, ready before booting', () => {
  const full = readyVM('default-0', { spec: { slots: 2 } });
  const vms = [full, readyVM('default-1'), readyVM('default-2'), bootingVM('default-3', { spec: { slots: 1 } })];
  const sessions = [placed('x', full, 'yes'), placed('y', full, 'yes'), placed('z', vms[2] ?? full, 'yes'), session('a')];
  assert.equal(told(poolWorld(pool(), { vms, sessions })), ['place a on default-2, attempt 1, launching']);
});

test('who could go anywhere does not take what boots for another region', () => {
  const vms = [newVM('default-0', { spec: { region: 'eastus', slots: 1 } }), newVM('default-1', { spec: { slots: 1 } })];
  const sessions = [session('a'), session('b', { spec: { region: 'eastus' } })];
  assert.equal(told(poolWorld(pool(), { vms, sessions })), ['place b on default-0, attempt 1', 'place a on default-1, attempt 1']);
});

test('where not all fit onto what boots, the order of the queue decides', () => {
  const vms = [bootingVM('default-0', { spec: { slots: 1 } })];
  const sessions = [session('a'), session('b', { spec: { size: 'l' } })];
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 1 } }), { vms, sessions }))[0], 'place a on default-0, attempt 1');
});

test('memory has to fit as well as slots', () => {
  const vm = readyVM('default-0');
  const sessions = [placed('x', vm, 'yes', { spec: { memoryMiB: 100_000 } }), session('a', { spec: { memoryMiB: 40_000 } })];
  assert.equal(told(poolWorld(pool(), { vms: [vm], sessions })), ['create default-1 of size l: session a fits on no VM']);
});

test('the queue goes by priority, then age, then name', () => {
  const sessions = [
    session('young', { meta: { creationTimestamp: ago(10) } }),
    session('b', { meta: { creationTimestamp: ago(20) } }),
    session('a', { meta: { creationTimestamp: ago(20) } }),
    session('urgent', { meta: { creationTimestamp: ago(1) }, spec: { priority: 5 } }),
  ];
  const vms = [readyVM('default-0', { spec: { slots: 3 } })];
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 1 } }), { sessions, vms })), [
    'place urgent on default-0, attempt 1, launching',
    'place a on default-0, attempt 1, launching',
    'place b on default-0, attempt 1, launching',
    'young waits: PoolFull',
  ]);
});

test('a session goes only where its size and region are', () => {
  const vms = [
    readyVM('default-0', { spec: { size: 's', slots: 1 } }),
    readyVM('default-1', { status: { region: 'east' } }),
    readyVM('default-2', { status: { region: 'west' } }),
  ];
  const sessions = [session('a', { spec: { size: 'l', region: 'west' } }), session('b', { spec: { region: 'east' } })];
  assert.equal(told(poolWorld(pool({ spec: { sizes } }), { vms, sessions })).slice(0, 2), [
    'place a on default-2, attempt 1, launching',
    'place b on default-1, attempt 1, launching',
  ]);
});

test('a session of another class passes a head that waits for quota', () => {
  const offerings = [offering('l', { available: false, reason: 'QuotaExceeded' }), offering('s')];
  const sessions = [
    session('head', { spec: { size: 'l' }, meta: { creationTimestamp: ago(100) } }),
    session('other', { spec: { size: 's' } }),
  ];
  assert.equal(told(poolWorld(pool({ spec: { sizes } }), { sessions, offerings })), [
    'create default-0 of size s: session other fits on no VM',
    'head waits: QuotaExceeded',
  ]);
});

test('within one class nobody passes the head', () => {
  const vm = readyVM('default-0', { spec: { slots: 2 } });
  const need = { memoryMiB: 20_000 };
  const sessions = [
    placed('x', vm, 'yes', { spec: { memoryMiB: 115_000 } }),
    session('head', { spec: need, meta: { creationTimestamp: ago(100) } }),
    session('next', { spec: need }),
    session('small', { spec: { memoryMiB: 10_000 } }),
  ];
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 1 } }), { vms: [vm], sessions })), [
    'place small on default-0, attempt 1, launching',
    'head waits: PoolFull',
    'next waits: PoolFull',
  ]);
});

test('a head older than 30 minutes reserves the next fitting slot', () => {
  const vm = readyVM('default-0');
  const other = readyVM('default-1', { spec: { size: 's', slots: 1 } });
  const head = (seconds: number) => session('head', { spec: { memoryMiB: 60_000, size: 'l' }, meta: { creationTimestamp: ago(seconds) } });
  const running = placed('x', vm, 'yes', { spec: { memoryMiB: 100_000 } });
  const late = session('late');
  const shrunk = pool({ spec: { sizes, maxVMs: 2 } });
  assert.equal(told(poolWorld(shrunk, { vms: [vm, other], sessions: [running, head(1799), session('first'), late] })).slice(0, 2), [
    'place first on default-1, attempt 1, launching',
    'place late on default-0, attempt 1, launching',
  ]);
  assert.equal(told(poolWorld(shrunk, { vms: [vm, other], sessions: [running, head(1801), session('first'), late] })), [
    'place first on default-1, attempt 1, launching',
    'head waits: PoolFull',
    'late waits: PoolFull',
  ]);
});

test('a head that no VM will ever fit reserves nothing', () => {
  const head = session('head', { spec: { memoryMiB: 500_000 }, meta: { creationTimestamp: ago(4000) } });
  assert.equal(told(poolWorld(pool(), { vms: [readyVM('default-0')], sessions: [head, session('a')] })), [
    'place a on default-0, attempt 1, launching',
    'head waits: NoMatchingSize',
  ]);
});

test('of VMs that fit alike it reserves the one with the most room', () => {
  const vms = ['default-0', 'default-1', 'default-2'].map((name) => readyVM(name, { spec: { slots: 2 } }));
  const loads = [100_000, 90_000, 90_000];
  const running = vms.map((vm, n) => placed(`x${n}`, vm, 'yes', { spec: { memoryMiB: loads[n] ?? 0 } }));
  const head = session('head', { spec: { memoryMiB: 60_000 }, meta: { creationTimestamp: ago(4000) } });
  const small = ['a', 'b', 'c'].map((name) => session(name, { spec: { memoryMiB: 30_000 } }));
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 3 } }), { vms, sessions: [...running, head, ...small] })), [
    'place a on default-0, attempt 1, launching',
    'place b on default-2, attempt 1, launching',
    'head waits: PoolFull',
    'c waits: PoolFull',
  ]);
});

for (const [what, vm] of [
  ['cordoned', readyVM('default-0', { spec: { cordoned: true } })],
  ['draining', drainingVM('default-0')],
  ['being deleted', readyVM('default-0', { meta: { deletionTimestamp: ago(1) } })],
  ['failed', failedVM('default-0')],
  ['unreachable', unreachableVM('default-0')],
  ['too old', readyVM('default-0', { meta: { creationTimestamp: ago(7200) } })],
] as const) {
  test(`nothing is placed on a VM that is ${what}`, () => {
    const placements = told(poolWorld(pool({ spec: { maxAgeSeconds: 7200 } }), { vms: [vm], sessions: [session('a')] }));
    assert.equal(
      placements.filter((line) => line.startsWith('place')),
      [],
    );
  });
}

test('a VM of somebody else is neither used nor drained', () => {
  const theirs = readyVM('default-0', { meta: { ownerReferences: [], deletionTimestamp: ago(1) } });
  assert.equal(told(poolWorld(pool(), { vms: [theirs], sessions: [session('a')] })), [
    'create default-1 of size l: session a fits on no VM',
  ]);
});

test('a session that was not launched moves on when its VM fails, leaves, or does not answer, as the same attempt', () => {
  for (const gone of [failedVM('default-0'), drainingVM('default-0'), unreachableVM('default-0')]) {
    const actions = told(poolWorld(pool(), { vms: [gone, readyVM('default-1')], sessions: [placed('a', gone)] }));
    assert.ok(actions.includes('place a on default-1, attempt 1, launching'));
  }
  const vanished = placed('a', readyVM('default-9'));
  assert.equal(told(poolWorld(pool(), { vms: [readyVM('default-1')], sessions: [vanished] })), [
    'place a on default-1, attempt 1, launching',
  ]);
});

test('a session stays where it was placed while that VM boots, is ready, or is cordoned', () => {
  for (const vm of [bootingVM('default-0'), readyVM('default-0'), readyVM('default-0', { spec: { cordoned: true } })]) {
    assert.equal(told(poolWorld(pool(), { vms: [vm], sessions: [placed('a', vm)] })), []);
  }
});

test('a session whose launch was begun is never placed again, whatever becomes of its VM', () => {
  for (const started of ['launching', 'yes'] as const) {
    const vm = unreachableVM('default-0');
    assert.equal(told(poolWorld(pool(), { vms: [vm, readyVM('default-1')], sessions: [placed('a', vm, started)] })), []);
  }
});

test('the attempt rises only after a start and a loss', () => {
  const gone = readyVM('default-9');
  assert.equal(told(poolWorld(pool(), { vms: [readyVM('default-1')], sessions: [placed('a', gone, 'lost')] })), [
    'place a on default-1, attempt 2, launching',
  ]);
  const unplaced = session('a', { status: { conditions: [condition('Started', 'False', 'VMLost')] } });
  assert.equal(told(poolWorld(pool(), { vms: [readyVM('default-1')], sessions: [unplaced] })), [
    'place a on default-1, attempt 2, launching',
  ]);
});

test('a session that is to stop, or is deleted, is not placed', () => {
  const sessions = [
    session('a', { spec: { shutdown: 'Graceful' } }),
    session('b', { meta: { deletionTimestamp: ago(1) } }),
    session('c', { status: { shutdown: { mode: 'Graceful', requestedTime: ago(1) } } }),
  ];
  assert.equal(told(poolWorld(pool(), { sessions, vms: [readyVM('default-0')] })), []);
});

test('more sessions than slots, after a race nobody should win, only means no room', () => {
  const vm = readyVM('default-0', { spec: { slots: 1 } });
  const sessions = [placed('x', vm, 'yes'), placed('y', vm, 'yes'), session('a')];
  assert.equal(told(poolWorld(pool({ spec: { maxVMs: 1 } }), { vms: [vm], sessions })), ['a waits: PoolFull']);
});

test('what a VM has is known from its size until it says so itself, and nothing of a size the pool no longer has', () => {
  const sessions = [session('a', { spec: { memoryMiB: 100_000 } })];
  assert.equal(told(poolWorld(pool(), { vms: [newVM('default-0')], sessions })), ['place a on default-0, attempt 1']);
  const foreign = newVM('default-0', { spec: { size: 'xl', slots: 8 } });
  assert.equal(told(poolWorld(pool(), { vms: [foreign], sessions })), ['create default-1 of size l: session a fits on no VM']);
});

test.run();
