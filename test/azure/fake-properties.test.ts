// Whatever is done to the fake in whatever order: nothing is left over, nothing is counted twice, everything comes to an end.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { handle } from '../fakes/azure/arm.ts';
import { noBacking } from '../fakes/azure/backing/backing.ts';
import { billOf } from '../fakes/azure/billing.ts';
import { type Directive, machines, obey } from '../fakes/azure/directives.ts';
import { issue } from '../fakes/azure/entra.ts';
import { sizeOf } from '../fakes/azure/facts.ts';
import { createFake, type Fake } from '../fakes/azure/fake.ts';
import { usageOf } from '../fakes/azure/quota.ts';
import { createWorld, readWorld, writeWorld } from '../fakes/azure/world.ts';

const test = suite('fake Azure: properties');
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;
const VNET = `${GROUP}/providers/Microsoft.Network/virtualNetworks/net`;
const DAY = 24 * 3600_000;

type Step =
  | { readonly do: 'put'; readonly vm: number; readonly size: string; readonly spot: boolean; readonly fault: string | undefined }
  | {
      readonly do: 'delete' | 'start' | 'deallocate' | 'powerOff' | 'restart' | 'patch' | 'simulateEviction';
      readonly vm: number;
      readonly fault: string | undefined;
    }
  | { readonly do: 'vmVanish' | 'vmStop'; readonly vm: number }
  | { readonly do: 'capacity'; readonly left: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'reload' };

/** What it has found. */
const FOUND: [Step[]][] = [
  // One without a place was given its power back, uncounted.
  [
    [
      { do: 'put', vm: 0, size: 'Standard_D8s_v5', spot: false, fault: undefined },
      { do: 'wait', ms: 23_000 },
      { do: 'deallocate', vm: 0, fault: undefined },
      { do: 'wait', ms: 15_000 },
      { do: 'restart', vm: 0, fault: undefined },
    ],
  ],
];

const FAULTS = [undefined, undefined, undefined, 'asyncError', 'asyncCanceled', 'syncError', 'lostOperation', 'slowLro'];
const vm = fc.integer({ min: 0, max: 3 });
const fault = fc.constantFrom(...FAULTS);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('put' as const),
        vm,
        size: fc.constantFrom('Standard_D8s_v5', 'Standard_E16s_v5'),
        spot: fc.boolean(),
        fault,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom('delete' as const, 'start', 'deallocate', 'powerOff', 'restart', 'patch', 'simulateEviction'),
        vm,
        fault,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('vmVanish' as const, 'vmStop'), vm }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('capacity' as const), left: fc.integer({ min: 0, max: 3 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 40_000 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'reload' as const }) },
  ),
  { maxLength: 25 },
);

test('keeps quota and bill equal to what is there, ends every operation, and leaves nothing of a deleted machine', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      let fake = await empty();
      for (const step of sequence) {
        fake = await take(fake, step);
        holds(fake);
      }
      fake.world.faults.rules.length = 0;
      await fake.advance(DAY);
      holds(fake);
      for (const { status, ended } of fake.world.operations.values()) assert.ok(status !== 'InProgress' && ended !== undefined);
      for (const { name } of machines(fake)) await ask(fake, 'DELETE', machine(name));
      await fake.advance(DAY);
      assert.equal([...fake.world.resources.values()].map(({ type }) => type).sort(), LEFT);
      assert.is(billOf(fake.world, fake.clock.now()).running, 0);
      assert.equal(fake.world.timers, []);
    }),
    { numRuns: 500, interruptAfterTimeLimit: 60_000, includeErrorInReport: true, examples: FOUND },
  );
});

const LEFT = ['Microsoft.Network/virtualNetworks', 'Microsoft.Network/virtualNetworks/subnets', 'Microsoft.Resources/resourceGroups'];

/** What is true at every moment. */
const holds = (fake: Fake): void => {
  const used = usageOf(fake.world, 'westus3');
  const cores = (spot: boolean): number =>
    machines(fake)
      .filter(({ machine }) => machine.counted && machine.spot === spot)
      .reduce((sum, { machine }) => sum + (sizeOf(machine.size)?.vCPUs ?? 0), 0);
  assert.equal([used.get('cores') ?? 0, used.get('lowPriorityCores') ?? 0], [cores(false), cores(true)]);
  const billed = fake.world.bills.filter(({ to }) => to === undefined).map(({ vmId }) => vmId);
  assert.equal(
    billed.sort(),
    machines(fake)
      .filter(({ machine }) => machine.allocated)
      .map(({ machine }) => machine.vmId)
      .sort(),
  );
  for (const { machine, name } of machines(fake)) {
    if (machine.allocated) assert.ok(machine.counted, `${name} is billed and not counted`);
    if (machine.power === 'deallocated') assert.not.ok(machine.counted, `${name} is deallocated and counted`);
    if (machine.power === 'running') assert.ok(machine.allocated, `${name} runs and is not billed`);
  }
  for (const { from, to } of fake.world.bills) assert.ok(to === undefined || to >= from);
};

const take = async (fake: Fake, step: Step): Promise<Fake> => {
  switch (step.do) {
    case 'wait':
      await fake.advance(step.ms);
      return fake;
    case 'reload': {
      const again = createFake(readWorld(writeWorld(fake.world)), noBacking);
      return again;
    }
    case 'capacity':
      await obey(fake, { kind: 'capacity', region: 'westus3', left: step.left });
      return fake;
    case 'vmVanish':
    case 'vmStop':
      await obey(fake, { kind: step.do, name: `vm${step.vm}` } as Directive).catch(() => undefined);
      return fake;
    default:
      await request(fake, step);
      return fake;
  }
};

const request = async (fake: Fake, step: Extract<Step, { fault: unknown }>): Promise<void> => {
  const name = `vm${step.vm}`;
  fake.world.faults.rules.length = 0;
  if (step.fault !== undefined) {
    const told = { kind: step.fault, code: 'Injected', message: 'x', ms: 5_000 } as never;
    fake.world.faults.rules.push({ match: { type: 'Microsoft.Compute/virtualMachines' }, fault: told, id: 1, seen: 0, fired: 0, since: 0 });
  }
  if (step.do === 'put') await ask(fake, 'PUT', machine(name), body(name, step.size, step.spot));
  else if (step.do === 'delete') await ask(fake, 'DELETE', machine(name));
  else if (step.do === 'patch') await ask(fake, 'PATCH', machine(name), { tags: { a: 'b' } });
  else await ask(fake, 'POST', `${machine(name)}/${step.do}`);
};

const machine = (name: string): string => `${GROUP}/providers/Microsoft.Compute/virtualMachines/${name}`;

const empty = async (): Promise<Fake> => {
  const world = createWorld([SUBSCRIPTION], 1);
  world.clock.rate = 0;
  const fake = createFake(world, noBacking);
  await ask(fake, 'PUT', GROUP, { location: 'westus3' }, '2025-04-01');
  await ask(
    fake,
    'PUT',
    VNET,
    { location: 'westus3', properties: { subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }] } },
    '2026-01-01',
  );
  await fake.advance(DAY);
  return fake;
};

const ask = async (fake: Fake, method: string, path: string, sent?: unknown, version = '2026-04-01'): Promise<void> => {
  const url = new URL(`https://fake${path}?api-version=${version}`);
  await handle(fake, { method, url, base: url.origin, headers: { authorization: `Bearer ${issue(fake, 'test')}` }, body: sent });
};

const body = (name: string, vmSize: string, spot: boolean): object => ({
  location: 'westus3',
  properties: {
    hardwareProfile: { vmSize },
    ...(spot ? { priority: 'Spot', evictionPolicy: name === 'vm0' ? 'Delete' : 'Deallocate' } : {}),
    storageProfile: { osDisk: { name: `${name}-os`, createOption: 'FromImage', deleteOption: 'Delete' } },
    osProfile: { adminUsername: 'agent', adminPassword: 'x' },
    networkProfile: {
      networkApiVersion: '2022-11-01',
      networkInterfaceConfigurations: [
        {
          name: 'nic',
          properties: {
            deleteOption: 'Delete',
            ipConfigurations: [
              {
                name: 'ip',
                properties: {
                  subnet: { id: `${VNET}/subnets/default` },
                  publicIPAddressConfiguration: { name: 'pip', properties: { deleteOption: 'Delete' } },
                },
              },
            ],
          },
        },
      ],
    },
  },
});

test.run();
