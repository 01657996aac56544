// What a machine and its parts are called, and whose they are by their tags.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createdTimeOf,
  isOurs,
  machineNames,
  machineTags,
  networkNames,
  poolTags,
  poolUIDOf,
  vmUIDOf,
} from '../../../controller/provider/azure/names.ts';
import { newVM } from '../../builders/vm.ts';
import { azurePool } from './azure-said.ts';

const test = suite('azure provider: names and tags');

const INSTALLATION = 'installation-1';
const vm = newVM('default-0', { meta: { uid: '0A1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9' } });

test('a machine is named after the UID of its VM object, and its parts after it', () => {
  assert.equal(machineNames(vm.metadata.uid), {
    vm: 'berth-0a1b2c3d4e',
    disk: 'berth-0a1b2c3d4e-os',
    nic: 'berth-0a1b2c3d4e-nic',
    ipConfiguration: 'ip0',
    publicIP: 'berth-0a1b2c3d4e-pip',
    schedule: 'shutdown-computevm-berth-0a1b2c3d4e',
  });
});

test('what the machines of a region share is named after the region', () => {
  assert.equal(networkNames('westus3'), {
    network: 'berth-westus3',
    subnet: 'machines',
    securityGroup: 'berth-westus3-nsg',
    natGateway: 'berth-westus3-nat',
    natAddress: 'berth-westus3-nat-pip',
  });
});

test('names are ones that Azure takes for Linux machines, whatever the UID', () => {
  fc.assert(
    fc.property(fc.uuid(), (uid) => {
      for (const name of Object.values(machineNames(uid))) assert.match(name, /^[a-z][a-z0-9-]{0,63}$/);
      assert.match(machineNames(uid).vm, /^berth-[0-9a-f]{10}$/);
    }),
  );
});

test('tags say whose a machine is, what for, and since when', () => {
  const tags = machineTags(INSTALLATION, azurePool(), vm, '2026-01-01T12:00:00Z');
  assert.equal(tags, {
    'managed-by': 'berth',
    'installation-id': INSTALLATION,
    pool: 'default',
    'pool-uid': 'default',
    namespace: 'default',
    vm: 'default-0',
    'vm-uid': vm.metadata.uid,
    'created-at': '2026-01-01T12:00:00Z',
  });
  assert.equal([vmUIDOf(tags), poolUIDOf(tags), createdTimeOf(tags)], [vm.metadata.uid, 'default', '2026-01-01T12:00:00Z']);
  for (const [name, value] of Object.entries(tags)) assert.ok(name.length <= 512 && value.length <= 256);
});

test('ours is what has both marks, in whatever case Azure gives the names back', () => {
  const tags = poolTags(INSTALLATION, azurePool());
  assert.ok(isOurs(tags, INSTALLATION));
  assert.ok(isOurs({ 'Managed-By': 'berth', 'INSTALLATION-ID': INSTALLATION }, INSTALLATION));
  assert.not(isOurs(tags, 'installation-2'), 'of another installation');
  assert.not(isOurs({ 'installation-id': INSTALLATION }, INSTALLATION), 'without the first mark');
  assert.not(isOurs({ ...tags, 'managed-by': 'terraform' }, INSTALLATION));
  assert.not(isOurs({}, INSTALLATION));
  assert.not(isOurs(undefined, INSTALLATION));
});

test('what a pool shares belongs to no VM object', () => {
  assert.is(vmUIDOf(poolTags(INSTALLATION, azurePool())), undefined);
  assert.is(vmUIDOf(undefined), undefined);
});

test.run();
