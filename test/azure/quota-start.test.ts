// `berth start` where Azure has no quota left, typed by somebody: the tutorial's error with Azure's numbers, a hint that names
// a region which has room, exit code 5, and nothing left behind. A real controller against the fake.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FolderWorld, openFolderWorld } from '../e2e/folder-world.ts';
import { type FakeAzure, startFakeAzure } from '../fakes/azure/start.ts';
import { environmentFor } from './provider-world.ts';

const POOL = `apiVersion: berth.dev/v1alpha1
kind: VMPool
metadata: {name: default}
spec:
  provider:
    type: Azure
    azure: {regions: [westus3, eastus], network: {allowSSHFrom: [127.0.0.1/32]}}
  sizes: [{name: l}]
`;

const test = suite('azure: start without quota');
let fake: FakeAzure;
let world: FolderWorld;

test.before(async () => {
  fake = await startFakeAzure({ speed: 20 });
  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'standardESv5Family', limit: 10 });
  await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'cores', limit: 12 });
  Object.assign(process.env, environmentFor(fake));
  world = openFolderWorld();
  world.put('pool.yaml', POOL);
  await world.startController();
});
test.after(async () => {
  await world.close();
  await fake.stop();
});

const machinesAskedFor = async (): Promise<number> =>
  (await fake.control.requests()).filter(({ method, path, status }) => method === 'PUT' && /virtualMachines/i.test(path) && status === 201)
    .length;

test('a region without quota: its numbers, and the region of the pool that has room', async () => {
  const { exit, err } = await world.berth('start', '--region', 'westus3', '--', 'true');
  process.stdout.write(`\n${err}`);
  assert.is(exit, 5);
  assert.match(
    err,
    /Error: Azure quota exceeded in region westus3\n {2}.*limit 1[02], 0 in use, 16 more needed for Standard_E16\w+\nHint: Try a different region with --region eastus\n$/,
  );
  const { out } = await world.berth('get', 'sessions', '-o', 'name');
  assert.is(out, '');
  assert.is(await machinesAskedFor(), 0);
});

test('where the whole pool is without quota, none is promised', async () => {
  await fake.control.tell({ kind: 'quota', region: 'eastus', of: 'cores', limit: 0 });
  const { exit, err } = await world.berth('start', '--', 'true');
  process.stdout.write(`\n${err}`);
  assert.is(exit, 5);
  assert.match(
    err,
    /Error: Azure quota exceeded in region (westus3|eastus)\n {2}.*\nHint: Wait for room with --queue, or ask Azure for more quota\n$/,
  );
  assert.is(await machinesAskedFor(), 0);
});

test.run();
