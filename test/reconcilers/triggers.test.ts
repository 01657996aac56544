import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session, VM } from '../../controller/api/types.generated.ts';
import { SESSION_INDEXES, VM_INDEXES } from '../../controller/reconcilers/indexes.ts';
import { createTriggers, type Triggers } from '../../controller/reconcilers/triggers.ts';
import { createCache } from '../../controller/runtime/cache.ts';
import { pool } from '../builders/pool.ts';
import { finished, placed, session } from '../builders/session.ts';
import { ago } from '../builders/time.ts';
import { readyVM } from '../builders/vm.ts';

const test = suite('triggers');

const vm = readyVM('default-0');
const woken = (sessions: readonly Session[], vms: readonly VM[], change: (triggers: Triggers) => void): readonly string[] => {
  const [knownSessions, knownVMs] = [createCache<'Session'>(SESSION_INDEXES), createCache<'VM'>(VM_INDEXES)];
  for (const one of sessions) knownSessions.put(one);
  for (const one of vms) knownVMs.put(one);
  const keys: string[] = [];
  const wake = (kind: string) => (key: string) => void keys.push(`${kind} ${key.replace('default/', '')}`);
  change(createTriggers({ session: wake('session'), vm: wake('vm'), pool: wake('pool') }, { sessions: knownSessions, vms: knownVMs }));
  return keys.toSorted();
};

test('a session that comes, goes, or changes what others look at wakes its pool and its VM', () => {
  const on = placed('a', vm, 'yes');
  assert.equal(
    woken([], [], (triggers) => triggers.session(undefined, session('a'))),
    ['pool default', 'session a'],
  );
  assert.equal(
    woken([], [], (triggers) => triggers.session(on, undefined)),
    ['pool default', 'session a', 'vm default-0'],
  );
  assert.equal(
    woken([], [], (triggers) => triggers.session(session('a'), placed('a', vm))),
    ['pool default', 'session a', 'vm default-0'],
  );
  assert.equal(
    woken([], [], (triggers) => triggers.session(on, finished('a', vm, 'Completed'))),
    ['pool default', 'session a', 'vm default-0'],
  );
  const moved = placed('a', readyVM('default-1'));
  assert.equal(
    woken([], [], (triggers) => triggers.session(placed('a', vm), moved)),
    ['pool default', 'session a', 'vm default-0', 'vm default-1'],
  );
});

test('new output wakes only the session itself', () => {
  const on = placed('a', vm, 'yes');
  const more = { ...on, status: { ...on.status, output: { bytes: 1, lines: 1, truncated: false, updatedTime: ago(1) } } };
  assert.equal(
    woken([], [], (triggers) => triggers.session(on, more)),
    ['session a'],
  );
});

test('a VM wakes its pool and the sessions that still need it', () => {
  const sessions = [
    placed('a', vm, 'yes'),
    finished('b', vm, 'Completed'),
    finished('c', vm, 'Completed', { meta: { deletionTimestamp: ago(1) } }),
  ];
  assert.equal(
    woken(sessions, [vm], (triggers) => triggers.vm(vm, vm)),
    ['pool default', 'session a', 'session c', 'vm default-0'],
  );
  assert.equal(
    woken([], [], (triggers) => triggers.vm(vm, undefined)),
    ['pool default', 'vm default-0'],
  );
});

test('a pool wakes its VMs and sessions when its spec, its deletion or its way to go changes', () => {
  const change = (before: Parameters<typeof pool>[0], after: Parameters<typeof pool>[0]) =>
    woken([session('a'), finished('b', vm, 'Completed')], [vm], (triggers) => triggers.pool(pool(before), pool(after)));
  const all = ['pool default', 'session a', 'vm default-0'];
  assert.equal(change({}, { meta: { generation: 2 } }), all);
  assert.equal(change({}, { meta: { annotations: { 'berth.dev/delete-now': 'true' } } }), all);
  assert.equal(change({}, { status: { vms: 1 } }), ['pool default']);
  assert.equal(
    woken([session('a')], [vm], (triggers) => triggers.pool(pool(), undefined)),
    all,
  );
});

test('a host wakes its VM, its pool and its sessions; a run only its session', () => {
  assert.equal(
    woken([placed('a', vm, 'yes')], [vm], (triggers) => triggers.host('default-0', undefined)),
    ['pool default', 'session a', 'vm default-0'],
  );
  assert.equal(
    woken([], [], (triggers) => triggers.host('default-0', { namespace: 'default', name: 'a' })),
    ['session a'],
  );
});

test('a change of nothing wakes nobody', () => {
  const nothing = (triggers: Triggers): void => {
    triggers.session(undefined, undefined);
    triggers.vm(undefined, undefined);
    triggers.pool(undefined, undefined);
  };
  assert.equal(woken([], [], nothing), []);
});

test.run();
