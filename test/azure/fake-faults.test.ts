// Every fault of the fake, asked for over its control API and seen by the real SDKs.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Directive } from '../fakes/azure/directives.ts';
import type { Fault, Match } from '../fakes/azure/faults.ts';
import { until } from '../fakes/until.ts';
import { createFakeWorld, FAST, type FakeWorld, RG } from './fake-world.ts';

const test = suite('fake Azure: faults');
const VM = 'Microsoft.Compute/virtualMachines';
const PUT: Match = { method: 'PUT', type: VM };
let world: FakeWorld;
let count = 0;

test.before(async () => {
  world = await createFakeWorld();
  for (const [region, of] of [
    ['westus3', 'cores'],
    ['westus3', 'standardESv5Family'],
    ['westus3', 'lowPriorityCores'],
  ] as const) {
    await world.fake.control.tell({ kind: 'quota', region, of, limit: 100_000 });
  }
});
test.after(() => world.fake.stop());
test.before.each(() => world.fake.control.clearRules());

interface Seen {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message: string;
}

/** What the SDK says of a refusal; `ok` where there was none. */
const seen = async (work: Promise<unknown>): Promise<Seen> => {
  try {
    await work;
    return { message: 'ok' };
  } catch (error) {
    const { statusCode, code, message } = error as Seen;
    return { ...(statusCode === undefined ? {} : { statusCode }), ...(code === undefined ? {} : { code }), message };
  }
};
const rule = (match: Match, fault: Fault, times?: number): Promise<void> =>
  world.fake.control.rule({ match, fault, ...(times === undefined ? {} : { times }) });
const fresh = (): string => `vm-${++count}`;
const states = async (name: string): Promise<string> => {
  const vm = (await world.fake.control.vms()).find((one) => one.name === name);
  return vm ? `${vm.provisioningState} ${vm.power}` : 'gone';
};

/** Fault on the PUT; what the SDK says; what is there afterwards. */
const ON_PUT: readonly { readonly fault: Fault; readonly says: RegExp; readonly leaves: string }[] = [
  {
    fault: { kind: 'syncError', id: 'sku_not_available' },
    says: /^409 SkuNotAvailable The requested size for resource .*vm-\d+' is currently/,
    leaves: 'gone',
  },
  {
    fault: { kind: 'syncError', status: 403, code: 'RequestDisallowedByPolicy', message: 'No.' },
    says: /^403 RequestDisallowedByPolicy No\./,
    leaves: 'gone',
  },
  { fault: { kind: 'syncError', id: 'throttled_crp' }, says: /^429 OperationNotAllowed The server rejected the request/, leaves: 'gone' },
  { fault: { kind: 'throttle', retryAfter: 30, wrapped: true }, says: /^429 OperationNotAllowed/, leaves: 'gone' },
  { fault: { kind: 'http5xx', status: 503 }, says: /^503 InternalServerError/, leaves: 'gone' },
  {
    fault: { kind: 'asyncError', id: 'allocation_failed' },
    says: /has failed\. AllocationFailed\. Allocation failed/,
    leaves: 'Failed none',
  },
  {
    fault: { kind: 'asyncError', code: 'InternalExecutionError', message: 'Oops.', afterMs: 5 },
    says: /InternalExecutionError\. Oops/,
    leaves: 'Failed',
  },
  {
    fault: { kind: 'asyncError', id: 'os_provisioning_timed_out' },
    says: /OSProvisioningTimedOut\. OS Provisioning for VM 'vm-\d+'/,
    leaves: 'Failed running',
  },
  { fault: { kind: 'asyncCanceled' }, says: /canceled/i, leaves: 'Canceled none' },
  { fault: { kind: 'dropBefore' }, says: /ECONNRESET/, leaves: 'gone' },
  { fault: { kind: 'dropAfter' }, says: /ECONNRESET/, leaves: 'Succeeded running' },
  { fault: { kind: 'truncateBody' }, says: /aborted|ECONNRESET|Premature|terminated|JSON/i, leaves: 'Succeeded running' },
  { fault: { kind: 'badJson' }, says: /JSON|Unexpected|Expected/i, leaves: 'Succeeded running' },
  { fault: { kind: 'lostOperation' }, says: /^404 NotFound/, leaves: 'Succeeded running' },
  { fault: { kind: 'pollError', status: 500 }, says: /^500 InternalServerError/, leaves: 'Succeeded running' },
  { fault: { kind: 'noAsyncHeader' }, says: /^ok/, leaves: 'Succeeded running' },
  { fault: { kind: 'locationOnly' }, says: /^ok/, leaves: 'Succeeded running' },
  { fault: { kind: 'latency', ms: 30 }, says: /^ok/, leaves: 'Succeeded running' },
  { fault: { kind: 'slowLro', ms: 50 }, says: /^ok/, leaves: 'Succeeded running' },
];

for (const { fault, says, leaves } of ON_PUT) {
  test(`${fault.kind} on the PUT of a machine: ${JSON.stringify(fault)}`, async () => {
    const name = fresh();
    await rule(PUT, fault, 1);
    const { statusCode = '', code = '', message } = await seen(world.create(name));
    assert.match(`${statusCode} ${code} ${message}`.trim(), says);
    await until(async () => (await states(name)).startsWith(leaves), `${leaves}, not ${await states(name)}`);
  });
}

test('hangs until the client gives up, and sends it elsewhere', async () => {
  await rule({ method: 'GET', type: VM }, { kind: 'hang' }, 1);
  const abortSignal = AbortSignal.timeout(100);
  assert.match((await seen(world.compute.virtualMachines.get(RG, 'x', { abortSignal }))).message, /abort/i);
  await rule({ method: 'GET', type: VM }, { kind: 'redirect', to: 'https://127.0.0.1:1/' }, 1);
  assert.is.not((await seen(world.compute.virtualMachines.get(RG, 'x'))).message, 'ok');
});

test('leaves an operation in progress for ever, and the machine with it', async () => {
  const name = fresh();
  await rule(PUT, { kind: 'stuckLro' }, 1);
  const poller = world.compute.virtualMachines.createOrUpdate(RG, name, world.body(name), FAST);
  await poller.submitted();
  await until(async () => (await states(name)) === 'Creating running');
  await world.fake.control.advance(24 * 3_600_000);
  assert.is(await states(name), 'Creating running');
});

test('fires for what matches: region, size, priority, name, action, the n-th, a probability, so many times', async () => {
  const error: Fault = { kind: 'syncError', code: 'Hit', status: 400, message: 'hit' };
  const hit = async (match: Match): Promise<boolean> => {
    await world.fake.control.clearRules();
    await rule(match, error);
    return (await seen(world.create(fresh()))).code === 'Hit';
  };
  assert.ok(await hit({ region: 'WestUS3', size: 'standard_e16s_v5', priority: 'Regular', method: 'put' }));
  assert.not.ok(await hit({ ...PUT, region: 'eastus' }));
  assert.not.ok(await hit({ ...PUT, priority: 'Spot' }));
  assert.not.ok(await hit({ ...PUT, name: '^other' }));
  assert.not.ok(await hit({ ...PUT, probability: 0 }));
  assert.ok(await hit({ ...PUT, probability: 1 }));
  assert.not.ok(await hit({ ...PUT, nth: 2 }));
  await world.fake.control.clearRules();
  await rule({ type: VM, action: 'start' }, error, 1);
  const name = `vm-${count}`;
  assert.is((await seen(world.compute.virtualMachines.start(RG, name, FAST))).code, 'Hit');
  assert.is((await seen(world.compute.virtualMachines.start(RG, name, FAST))).message, 'ok');
  await rule({ action: 'poll' }, error, 1);
  assert.is((await seen(world.create(fresh()))).code, 'Hit');
});

test('gives the body that a throttled client gets, with when to come back', async () => {
  await rule({ method: 'GET', type: VM }, { kind: 'throttle', burst: 2, retryAfter: 7, forMs: 60_000 });
  const get = () => seen(world.compute.virtualMachines.instanceView(RG, 'vm-1'));
  assert.equal([(await get()).statusCode, (await get()).statusCode, (await get()).statusCode], [404, 404, 429]);
  const last = (await world.fake.control.requests()).at(-1);
  assert.equal([last?.status, last?.code, last?.retryAfter], [429, 'OperationNotAllowed', 7]);
  await world.fake.control.advance(61_000);
  assert.is((await get()).statusCode, 404);
});

/** What is told; what an SDK call says then; what takes it back. */
const STANDING: readonly {
  readonly told: Directive;
  readonly call: () => Promise<unknown>;
  readonly says: RegExp;
  readonly back: Directive;
}[] = [
  {
    told: { kind: 'rbacDeny', action: 'Microsoft.Compute/virtualMachines/write' },
    call: () => world.create(fresh()),
    says: /^403 AuthorizationFailed The client .* does not have authorization to perform action 'Microsoft.Compute\/virtualMachines\/write' over scope '\/subscriptions/,
    back: { kind: 'rbacDeny', action: 'Microsoft.Compute/virtualMachines/write', off: true },
  },
  {
    told: { kind: 'rbacDeny', action: 'Microsoft.Compute/virtualMachines/start/*' },
    call: () => world.compute.virtualMachines.start(RG, 'x', FAST) as unknown as Promise<unknown>,
    says: /^403 AuthorizationFailed .*start\/action/,
    back: { kind: 'rbacDeny', action: 'Microsoft.Compute/virtualMachines/start/*', off: true },
  },
  {
    told: { kind: 'subscriptionDisabled' },
    call: () => world.create(fresh()),
    says: /^409 ReadOnlyDisabledSubscription/,
    back: { kind: 'subscriptionDisabled', off: true },
  },
  {
    told: { kind: 'providerNotRegistered', namespace: 'Microsoft.Compute' },
    call: () => world.create(fresh()),
    says: /^409 MissingSubscriptionRegistration/,
    back: { kind: 'providerNotRegistered', namespace: 'Microsoft.Compute', off: true },
  },
  {
    told: { kind: 'capacity', region: 'westus3', left: 0 },
    call: () => world.create(fresh()),
    says: /AllocationFailed/,
    back: { kind: 'capacity', region: 'westus3', left: 1_000 },
  },
  {
    told: { kind: 'capacity', region: 'westus3', priority: 'Spot', left: 0 },
    call: () => world.create(fresh(), { priority: 'Spot' }),
    says: /^409 SkuNotAvailable The requested tier/,
    back: { kind: 'capacity', region: 'westus3', priority: 'Spot', left: 1_000 },
  },
  {
    told: { kind: 'restrict', region: 'westus3', size: 'Standard_E16s_v5', zones: ['1'] },
    call: () => world.create(fresh(), { zones: ['1'] }),
    says: /^409 SkuNotAvailable .* zones '1'/,
    back: { kind: 'restrict', region: 'westus3', size: 'Standard_E16s_v5', off: true },
  },
  {
    told: { kind: 'quota', region: 'westus3', of: 'publicIPs', limit: 0 },
    call: () => world.create(fresh()),
    says: /PublicIPCountLimitReached/,
    back: { kind: 'quota', region: 'westus3', of: 'publicIPs', limit: 10_000 },
  },
  {
    told: { kind: 'bootFail', name: '.*' },
    call: () => world.create(fresh()),
    says: /OSProvisioningTimedOut/,
    back: { kind: 'bootFail', name: '.*', off: true },
  },
  {
    told: { kind: 'cloudInitFail', name: '.*', step: 'runcmd' },
    call: () => world.create(fresh()),
    says: /^ok/,
    back: { kind: 'cloudInitFail', name: '.*', off: true },
  },
  {
    told: { kind: 'sshRefuse', name: '.*' },
    call: () => world.create(fresh()),
    says: /^ok/,
    back: { kind: 'sshRefuse', name: '.*', off: true },
  },
];

for (const { told, call, says, back } of STANDING) {
  test(`${told.kind} is so until it is taken back: ${JSON.stringify(told)}`, async () => {
    // A start needs a machine, and its refusal comes before it is looked for.
    await world.fake.control.tell(told);
    const { statusCode = '', code = '', message } = await seen(call());
    assert.match(`${statusCode} ${code} ${message}`.trim(), says);
    await world.fake.control.tell(back);
    assert.is((await seen(world.create(fresh()))).message, 'ok');
  });
}

test('makes machines disappear, stop and restart, and groups go, as somebody else would', async () => {
  const { control } = world.fake;
  const [lost, stopped, restarted] = [fresh(), fresh(), fresh()];
  await Promise.all([lost, stopped, restarted].map((name) => world.create(name)));
  await control.tell({ kind: 'vmVanish', name: lost, children: false });
  assert.is(await states(lost), 'gone');
  assert.ok((await control.resources()).some(({ id }) => String(id).endsWith(`${lost}-os`)));
  await control.tell({ kind: 'vmStop', name: stopped });
  assert.is(await states(stopped), 'Succeeded stopped');
  await control.tell({ kind: 'vmReboot', name: restarted });
  await control.tell({ kind: 'hostKeyChange', name: restarted });
  assert.is(await states(restarted), 'Succeeded running');
  await control.tell({
    kind: 'foreign',
    group: 'theirs',
    name: 'nic',
    type: 'Microsoft.Network/networkInterfaces',
    tags: { owner: 'them' },
  });
  await control.tell({ kind: 'rgDelete', group: 'theirs' });
  assert.not.ok((await control.resources()).some(({ id }) => /theirs/.test(String(id))));
  await control.tell({ kind: 'rgDelete', group: RG });
  assert.is(await states(stopped), 'gone');
  assert.match((await seen(control.tell({ kind: 'vmStop', name: 'nobody' }))).message, /no virtual machine named nobody/);
  assert.is((await control.bill()).running, 0);
});

test.run();
