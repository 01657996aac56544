import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VM } from '../../../controller/api/types.generated.ts';
import type { Machine, Provider } from '../../../controller/provider/provider.ts';
import { createVMAct } from '../../../controller/reconcilers/vm/act.ts';
import type { VMAction, VMObserved } from '../../../controller/reconcilers/vm/model.ts';
import { finished, placed } from '../../builders/session.ts';
import { ago, NOW } from '../../builders/time.ts';
import { drainingVM, readyVM } from '../../builders/vm.ts';
import { host, machine, vmWorld } from '../../builders/vm-world.ts';
import { createMemoryDatabase, openMemoryStore } from '../../fakes/memory-store.ts';
import { createToldHosts } from '../../fakes/told-hosts.ts';

const test = suite('vm: act');

const { signal } = new AbortController();
const deleted = drainingVM('default-0', { meta: { deletionTimestamp: ago(1) } });

const openWorld = () => {
  let uids = 0;
  const database = createMemoryDatabase({ now: () => NOW, newUID: () => `uid-${++uids}` });
  const hosts = createToldHosts();
  const asked: string[] = [];
  const provider = {
    create: async (vm: VM) => {
      asked.push(`create ${vm.metadata.name}`);
      if (vm.metadata.name === 'refused') throw new Error('no cores');
    },
    delete: async ({ id }: { id: string }) => void asked.push(`delete ${id}`),
    start: async ({ id }: { id: string }) => void asked.push(`start ${id}`),
    connect: ({ id, hostKey }: Machine) => `shell of ${id}${hostKey === undefined ? '' : ` with ${hostKey}`}`,
  } as unknown as Provider;
  const forgetMachines = (uid: string) => void asked.push(`forget ${uid}`);
  const act = createVMAct({ store: openMemoryStore(database), providers: { of: () => provider }, hosts, forgetMachines });
  const make = (what: VMAction['do'], observed: VMObserved, more: object = {}) =>
    act({ do: what, because: 'of the test', ...more } as VMAction, observed, signal);
  const refusal = (what: VMAction['do'], observed: VMObserved) => make(what, observed).then(() => 'nothing', String);
  /** An unfinished session on the VM of this uid, that no cache knows of yet. */
  const placeUnseen = (vm: VM, session = placed('a', vm, 'yes')) => {
    const made = database.create('Session', { metadata: { namespace: 'default', name: 'a' }, spec: { prompt: 'work' } });
    database.patchStatus('Session', made.metadata, session.status ?? {});
  };
  return { database, hosts, asked, make, refusal, placeUnseen };
};

test('a machine is created and deleted by the provider, and a listing from before is forgotten, also after a refusal', async () => {
  const { make, refusal, asked, hosts } = openWorld();
  await make('createMachine', vmWorld(readyVM('default-0')));
  await make('deleteMachine', vmWorld(deleted, { machine: machine() }));
  assert.match(await refusal('createMachine', vmWorld(readyVM('refused'))), 'no cores');
  assert.equal(asked, ['create default-0', 'forget default', 'delete machine', 'forget default', 'create refused', 'forget default']);
  assert.equal(hosts.told, [['close', 'default-0']]);
});

test('a machine is started with its sessions on it, and connected to anew', async () => {
  const { make, placeUnseen, asked, hosts } = openWorld();
  const vm = readyVM('default-0');
  placeUnseen(vm);
  await make('startMachine', vmWorld(vm, { machine: machine('deallocated') }));
  assert.equal(asked, ['start machine', 'forget default']);
  assert.equal(hosts.told, [['close', 'default-0']]);
});

test('deletes no machine and no VM object on which a session is, though the cache has missed it', async () => {
  const { make, refusal, placeUnseen, asked, database } = openWorld();
  placeUnseen(deleted);
  assert.match(await refusal('deleteMachine', vmWorld(deleted, { machine: machine() })), 'VM default-0 is not deleted: session a is on it');
  assert.match(await refusal('deleteVM', vmWorld(drainingVM('default-0'))), 'session a is on it');
  assert.equal(asked, []);
  // Fenced, it goes with what runs on it: nobody can reach that.
  await make('deleteMachine', vmWorld(readyVM('default-0'), { machine: machine() }));
  assert.equal(asked, ['delete machine', 'forget default']);
  assert.is(database.list('Session').length, 1);
});

test('a machine out of reach is fenced with its sessions, also where the deletion of its VM was asked for', async () => {
  const { make, placeUnseen, asked } = openWorld();
  placeUnseen(deleted);
  const silent = host('unreachable', { since: NOW - 3_600_000 });
  const vm = readyVM('default-0', { meta: { deletionTimestamp: ago(4_000) } });
  await make('deleteMachine', vmWorld(vm, { machine: machine(), host: silent, sessions: [placed('a', vm, 'yes')] }));
  assert.equal(asked, ['delete machine', 'forget default']);
});

test('deletes them where the session has finished, or is on another VM', async () => {
  for (const session of [finished('a', deleted, 'Completed'), placed('a', readyVM('default-1'), 'yes')]) {
    const { make, placeUnseen, asked } = openWorld();
    placeUnseen(deleted, session);
    await make('deleteMachine', vmWorld(deleted, { machine: machine() }));
    assert.is(asked[0], 'delete machine');
  }
});

test('a machine that is gone needs no deleting', async () => {
  const { make, asked } = openWorld();
  await make('deleteMachine', vmWorld(deleted));
  assert.equal(asked, ['forget default']);
});

test('an empty VM object is deleted, and then released with its connection', async () => {
  const { make, database, hosts } = openWorld();
  const { metadata } = database.create('VM', {
    metadata: { namespace: 'default', name: 'default-0', finalizers: ['berth.dev/cleanup'] },
    spec: readyVM('default-0').spec,
  });
  await make('deleteVM', vmWorld({ ...drainingVM('default-0'), metadata }));
  const going = database.get('VM', { namespace: 'default', name: 'default-0' });
  assert.ok(going?.metadata.deletionTimestamp);
  await make('release', vmWorld(going));
  assert.is(database.get('VM', { namespace: 'default', name: 'default-0' }), undefined);
  assert.equal(hosts.told, [['close', metadata.uid]]);
});

test('connects to the machine by its provider, and disconnects', async () => {
  const { make, hosts } = openWorld();
  await make('connect', vmWorld(readyVM('default-0'), { machine: machine() }));
  await make('disconnect', vmWorld(readyVM('default-0')));
  assert.equal(hosts.told, [
    ['open', 'default-0', 'machine', 'shell of machine'],
    ['close', 'default-0'],
  ]);
});

test('touches no run whose session only the cache has missed', async () => {
  const { make, hosts, database } = openWorld();
  const made = database.create('Session', { metadata: { namespace: 'default', name: 'a' }, spec: { prompt: 'work' } });
  hosts.set('default-0', host());
  const run = { uid: made.metadata.uid, attempt: 1, session: { namespace: 'default', name: 'a', uid: made.metadata.uid } };
  const told = (what: 'stopStray' | 'cleanStray') => make(what, vmWorld(readyVM('default-0')), { run }).then(() => 'nothing', String);
  assert.match(await told('stopStray'), 'it belongs to session a');
  assert.match(await told('cleanStray'), 'it belongs to session a');
  assert.equal(hosts.told, []);
});

test('stops and cleans up what runs for nobody, where it can be reached', async () => {
  const { make, hosts } = openWorld();
  const run = { uid: 'gone', attempt: 1, session: { namespace: 'default', name: 'gone', uid: 'gone' } };
  await make('stopStray', vmWorld(readyVM('default-0')), { run });
  await make('cleanStray', vmWorld(readyVM('default-0')), { run });
  hosts.set('default-0', host());
  await make('stopStray', vmWorld(readyVM('default-0')), { run });
  await make('cleanStray', vmWorld(readyVM('default-0')), { run });
  assert.equal(hosts.told, [
    ['stop', 'default-0', run, 'Graceful'],
    ['clean', 'default-0', run],
  ]);
});

test('checks a host by what was recorded of its keys, before what the provider says', async () => {
  const { make, hosts } = openWorld();
  await make(
    'connect',
    vmWorld(readyVM('default-0', { status: { hostKey: 'recorded' } }), { machine: machine('running', { hostKey: 'listed' }) }),
  );
  await make('connect', vmWorld(readyVM('default-1'), { machine: machine('running', { hostKey: 'listed' }) }));
  assert.equal(
    hosts.told.map(([, , , shell]) => shell),
    ['shell of machine with recorded', 'shell of machine with listed'],
  );
});

test('a machine without a pool, and a connection without a machine, are bugs', async () => {
  const { refusal } = openWorld();
  const { pool: _pool, ...orphan } = vmWorld(readyVM('default-0'));
  assert.match(await refusal('createMachine', orphan), 'whose pool is gone');
  assert.match(await refusal('connect', vmWorld(readyVM('default-0'))), 'which has no machine');
});

test.run();
