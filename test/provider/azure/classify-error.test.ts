// Each row of the table of Azure's refusals: what is tried next, what is left alone for how long, and what people read.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Asked, classifyError, type Refusal, type Verdict } from '../../../controller/provider/azure/classify-error.ts';
import { errorRows } from '../../../controller/provider/azure/error-rows.ts';
import { asked, azureSays, bodyIDs, facts } from './azure-said.ts';

const test = suite('azure provider: what a refusal means');

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;

interface Row {
  readonly when: string;
  readonly said: Refusal;
  readonly asked?: Partial<Asked>;
  readonly is: readonly [Verdict['decision'], Verdict['scope'], coolDownMs: number, reason: string];
  readonly told: string;
}

const sync = (httpStatus: number, code: string, message = 'no', more: Partial<Refusal> = {}): Refusal => ({
  phase: 'sync',
  httpStatus,
  code,
  message,
  ...more,
});
const async = (code: string, message = 'no'): Refusal => ({ phase: 'async', code, message });
const SPOT: Partial<Asked> = { priority: 'Spot' };
const ZONE_1: Partial<Asked> = { zone: '1' };
const QUOTA_TAIL = 'ask Azure for more (portal, Quotas), or give the pool another region or SKUs of another family';
const NO_CAPACITY = 'other SKUs and regions of the pool are tried';
const noFamily = (limit: number): Refusal => {
  const said = azureSays('quota_family');
  return { ...said, message: said.message.replace('Current Limit: 100', `Current Limit: ${limit}`) };
};

const ROWS: readonly Row[] = [
  {
    when: 'throttled by compute, whose code is that of a quota refusal',
    said: azureSays('throttled_crp'),
    is: ['RetryHere', 'none', 1200 * S, 'Throttled'],
    told: 'Azure throttles requests for region westus3: they go on in 1200 s',
  },
  {
    when: 'throttled by ARM without a word on how long',
    said: azureSays('throttled_arm'),
    is: ['RetryHere', 'none', MIN, 'Throttled'],
    told: 'Azure throttles requests for region westus3: they go on soon',
  },
  {
    when: 'a network resource is locked',
    said: azureSays('another_operation_network'),
    is: ['RetryHere', 'none', 15 * S, 'Busy'],
    told: 'Azure is still at another operation on machine berth-0123456789: it is tried again',
  },
  {
    when: 'the quota of the family is used up',
    said: azureSays('quota_family'),
    is: ['OtherSize', 'family', 10 * MIN, 'QuotaExceeded'],
    told: `Azure quota exceeded in region westus3: standardESv5Family Cores: limit 100, 96 in use, 16 more needed for Standard_E16s_v5; ${QUOTA_TAIL}`,
  },
  {
    when: 'there is no quota for the family at all',
    said: noFamily(0),
    is: ['OtherSize', 'family', H, 'QuotaExceeded'],
    told: `Azure quota exceeded in region westus3: standardESv5Family Cores: limit 0, 96 in use, 16 more needed for Standard_E16s_v5; ${QUOTA_TAIL}`,
  },
  {
    when: 'the quota of the region is used up',
    said: azureSays('quota_regional'),
    is: ['OtherRegion', 'region', 10 * MIN, 'QuotaExceeded'],
    told: `Azure quota exceeded in region westus3: Total Regional Cores: limit 100, 96 in use, 16 more needed for Standard_E16s_v5; ${QUOTA_TAIL}`,
  },
  {
    when: 'the quota for Spot is used up',
    said: azureSays('quota_spot'),
    asked: SPOT,
    is: ['OtherPrice', 'price', H, 'QuotaExceeded'],
    told: `Azure quota exceeded in region westus3: LowPriorityCores: limit 100, 96 in use, 16 more needed for Spot Standard_E16s_v5; ${QUOTA_TAIL}`,
  },
  {
    when: 'a template is refused for quota, without numbers',
    said: azureSays('quota_legacy_template'),
    is: ['OtherRegion', 'region', 10 * MIN, 'QuotaExceeded'],
    told: `Azure quota exceeded in region westus3: Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - ..; ${QUOTA_TAIL}`,
  },
  {
    when: 'a quota that we do not know is used up',
    said: sync(409, 'OperationNotAllowed', 'Operation results in exceeding quota limits of Core'),
    is: ['OtherRegion', 'region', 10 * MIN, 'QuotaExceeded'],
    told: `Azure quota exceeded in region westus3: Operation results in exceeding quota limits of Core; ${QUOTA_TAIL}`,
  },
  {
    when: 'there are no more public addresses',
    said: azureSays('public_ip_limit'),
    is: ['RetryHere', 'region', 10 * MIN, 'QuotaExceeded'],
    told: 'Azure quota exceeded in region westus3: Cannot create more than 10 public IP addresses for this subscription in this region; ask Azure for more, or set network.publicIP to false',
  },
  {
    when: 'there are still no more public addresses',
    said: azureSays('public_ip_limit'),
    asked: { failures: 3 },
    is: ['HaltPool', 'region', H, 'QuotaExceeded'],
    told: 'Azure quota exceeded in region westus3: Cannot create more than 10 public IP addresses for this subscription in this region; ask Azure for more, or set network.publicIP to false',
  },
  {
    when: 'the SKU is restricted',
    said: azureSays('sku_not_available'),
    is: ['OtherSize', 'sku', 23 * H, 'SKUNotAvailable'],
    told: 'Azure does not offer Standard_E16s_v5 in westus3 to this subscription now; give the pool other SKUs, zones or regions',
  },
  {
    when: 'the SKU is restricted in the zone',
    said: azureSays('sku_not_available_capacity_restriction'),
    asked: ZONE_1,
    is: ['OtherZone', 'sku', 23 * H, 'SKUNotAvailable'],
    told: 'Azure does not offer Standard_E16s_v5 in westus3, zone 1 to this subscription now; give the pool other SKUs, zones or regions',
  },
  {
    when: 'there are no Spot machines of the SKU',
    said: azureSays('sku_not_available_spot'),
    asked: SPOT,
    is: ['OtherPrice', 'sku', H, 'SKUNotAvailable'],
    told: 'Azure does not offer Spot Standard_E16s_v5 in westus3 to this subscription now; give the pool other SKUs, zones or regions',
  },
  {
    when: 'there is no capacity in the region',
    said: azureSays('allocation_failed'),
    is: ['OtherSize', 'sku', H, 'SKUNotAvailable'],
    told: `Azure has no capacity left for Standard_E16s_v5 in westus3; ${NO_CAPACITY}`,
  },
  {
    when: 'there is no capacity in the zone',
    said: azureSays('zonal_allocation_failed'),
    asked: ZONE_1,
    is: ['OtherZone', 'sku', H, 'SKUNotAvailable'],
    told: `Azure has no capacity left for Standard_E16s_v5 in westus3, zone 1; ${NO_CAPACITY}`,
  },
  {
    when: 'there is no place with all that is asked for',
    said: azureSays('overconstrained'),
    is: ['OtherSize', 'sku', H, 'SKUNotAvailable'],
    told: 'Azure can not place Standard_E16s_v5 in westus3 with all of: Differencing (Ephemeral) Disks, Networking Constraints (such as Accelerated Networking or IPv6), Subscription Pinning, VM Size; other SKUs, zones and regions of the pool are tried',
  },
  {
    when: 'there is no place in the zone with all that is asked for',
    said: async('OverconstrainedZonalAllocationRequest', 'Allocation failed.'),
    asked: ZONE_1,
    is: ['OtherZone', 'sku', H, 'SKUNotAvailable'],
    told: 'Azure can not place Standard_E16s_v5 in westus3, zone 1 with all of: Allocation failed; other SKUs, zones and regions of the pool are tried',
  },
  {
    when: 'Spot is dearer than may be paid',
    said: azureSays('spot_price'),
    asked: SPOT,
    is: ['OtherPrice', 'sku', H, 'SKUNotAvailable'],
    told: "Azure has no Spot Standard_E16s_v5 in westus3 at that price: Unable to perform operation 'Create' since the provided max price '0.1 USD' is lower than the current spot price '0.2 USD' for Azure Spot Virtual Machine size 'Standard_E16s_v5'; regular ones are used",
  },
  {
    when: 'there is no Spot for the SKU',
    said: azureSays('spot_size'),
    asked: SPOT,
    is: ['OtherPrice', 'sku', 23 * H, 'SKUNotAvailable'],
    told: 'Azure has no Spot machines Standard_E16s_v5 in westus3 for this subscription: Azure Spot Virtual Machine is not supported for this VM size Standard_E16s_v5; regular ones are used',
  },
  {
    when: 'there is no Spot for the subscription',
    said: sync(409, 'AzureSpotFeatureNotEnabledForSubscription', 'Not enabled.'),
    asked: SPOT,
    is: ['OtherPrice', 'price', 23 * H, 'SKUNotAvailable'],
    told: 'Azure has no Spot machines Standard_E16s_v5 in westus3 for this subscription: Not enabled; regular ones are used',
  },
  {
    when: 'the machine exists with another zone',
    said: azureSays('property_change_not_allowed'),
    is: ['Adopt', 'none', 0, 'AlreadyExists'],
    told: 'machine berth-0123456789 exists already: it is looked at before anything else',
  },
  {
    when: 'the machine exists',
    said: sync(412, 'PreconditionFailed'),
    is: ['Adopt', 'none', 0, 'AlreadyExists'],
    told: 'machine berth-0123456789 exists already: it is looked at before anything else',
  },
  ...[azureSays('conflicting_write'), azureSays('conflict'), azureSays('operation_preempted'), sync(409, 'AnotherOperationInProgress')].map(
    (said): Row => ({
      when: `another operation is under way (${said.code})`,
      said,
      is: ['RetryHere', 'none', 15 * S, 'Busy'],
      told: 'Azure is still at another operation on machine berth-0123456789: it is tried again',
    }),
  ),
  {
    when: 'the interface is reserved',
    said: azureSays('nic_reserved'),
    is: ['RetryHere', 'none', 180 * S, 'NICReserved'],
    told: 'the network interface of machine berth-0123456789 is reserved for 180 s after a failed create: it is tried again then',
  },
  ...([0, 1, 2] as const).map(
    (failures): Row => ({
      when: `the guest did not report, after ${failures} such failures`,
      said: azureSays('os_provisioning_timed_out'),
      asked: { failures },
      is: [(['Adopt', 'RetryHere', 'FailMachine'] as const)[failures], 'none', ([0, 20 * S, 0] as const)[failures], 'OSProvisioningFailed'],
      told: "the operating system of machine berth-0123456789 did not report to Azure that it is ready; check the pool's image and its boot log",
    }),
  ),
  {
    when: 'an extension failed',
    said: async('VMExtensionProvisioningError', 'Agent  X\nfailed.'),
    is: ['FailMachine', 'none', 0, 'ExtensionFailed'],
    told: 'an extension that Berth did not ask for failed on machine berth-0123456789: Agent X failed; look for a policy that adds it',
  },
  ...[async('InternalExecutionError'), sync(503, 'ServiceUnavailable'), sync(502, 'BadGateway')].flatMap((said): Row[] =>
    ([0, 2, 3] as const).map((failures) => ({
      when: `Azure fails (${said.code}) for the ${failures + 1}. time`,
      said,
      asked: { failures },
      is: failures < 3 ? ['RetryHere', 'none', 10 * S * 2 ** failures, 'AzureError'] : ['OtherRegion', 'region', 10 * MIN, 'AzureError'],
      told: 'Azure failed on Standard_E16s_v5 in westus3: no; it is tried again, and then elsewhere',
    })),
  ),
  {
    when: 'the image can not boot on the SKU',
    said: azureSays('size_vs_disk_controller'),
    is: ['OtherSize', 'sku', 23 * H, 'SKUNotAvailable'],
    told: "the pool's image does not fit Standard_E16s_v5: The VM size 'Standard_E16s_v5' cannot boot with OS image or disk; choose an image tagged for its disk controller, or other SKUs",
  },
  {
    when: 'the disk controller is not that of the SKU, and the target is lost',
    said: { ...azureSays('diskcontroller_param'), target: '' },
    is: ['OtherSize', 'sku', 23 * H, 'SKUNotAvailable'],
    told: "the pool's image does not fit Standard_E16s_v5: The VM size 'Standard_E16s_v5' cannot boot with DiskControllerType 'NVMe'; choose an image tagged for its disk controller, or other SKUs",
  },
  {
    when: 'the request is wrong',
    said: sync(400, 'InvalidParameter', 'The value of parameter osDisk.diskSizeGB is invalid.', { target: 'osDisk.diskSizeGB' }),
    is: ['FailMachine', 'provider', 10 * MIN, 'InvalidSettings'],
    told: "Azure refuses the pool's settings in region westus3: The value of parameter osDisk.diskSizeGB is invalid; correct them",
  },
  {
    when: 'the image does not exist there',
    said: sync(404, 'PlatformImageNotFound', 'The platform image is not available.'),
    is: ['FailMachine', 'region', 10 * MIN, 'ImageNotFound'],
    told: "Azure refuses the pool's settings in region westus3: The platform image is not available; correct them",
  },
  {
    when: 'the subscription may not use the region',
    said: sync(403, 'RequestDisallowedByAzure', 'Resource was disallowed by Azure.'),
    is: ['OtherRegion', 'region', 23 * H, 'SKUNotAvailable'],
    told: 'this subscription may not use region westus3: Resource was disallowed by Azure; take it out of the pool',
  },
  {
    when: 'a policy forbids it',
    said: sync(403, 'RequestDisallowedByPolicy', "Resource 'x' was disallowed by policy."),
    is: ['HaltPool', 'provider', 10 * MIN, 'PolicyDenied'],
    told: "a policy of the subscription forbids the pool's machines: Resource 'x' was disallowed by policy; change the policy or the pool's settings",
  },
  {
    when: 'the resource group is gone',
    said: azureSays('rg_not_found'),
    is: ['HaltPool', 'provider', 30 * S, 'NetworkMissing'],
    told: "what the pool's machines need in region westus3 is missing: Resource group 'berth-default' could not be found; it is made again if it is Berth's own",
  },
  {
    when: 'the subnet is gone',
    said: sync(404, 'NotFound', 'Resource /subscriptions/s/…/virtualNetworks/v/subnets/machines not found.'),
    is: ['HaltPool', 'region', 30 * S, 'NetworkMissing'],
    told: "what the pool's machines need in region westus3 is missing: Resource /subscriptions/s/…/virtualNetworks/v/subnets/machines not found; it is made again if it is Berth's own",
  },
  {
    when: 'the subnet is full',
    said: azureSays('subnet_full'),
    is: ['HaltPool', 'region', 10 * MIN, 'SubnetFull'],
    told: 'the subnet of the pool in region westus3 has no address left: Subnet machines with address prefix 10.0.0.0/24 does not have enough capacity for 10 IP addresses; name a larger one in network.subnetId',
  },
  {
    when: 'we may not do it',
    said: azureSays('authorization_failed'),
    is: ['HaltProvider', 'provider', 5 * MIN, 'AccessDenied'],
    told: 'Azure denies Microsoft.Compute/virtualMachines/write on /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/berth-default/providers/Microsoft.Compute/virtualMachines/x to 11111111-1111-1111-1111-111111111111: grant it (az role assignment create --assignee 11111111-1111-1111-1111-111111111111 --role "Virtual Machine Contributor" --scope /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/berth-default)',
  },
  {
    when: 'we may not do it, of a kind we have no role for',
    said: sync(
      403,
      'LinkedAuthorizationFailed',
      "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.DevTestLab/schedules/write' over scope 'odd' or",
    ),
    is: ['HaltProvider', 'provider', 5 * MIN, 'AccessDenied'],
    told: 'Azure denies Microsoft.DevTestLab/schedules/write on odd to o: grant it (az role assignment create --assignee o --role "Contributor" --scope odd)',
  },
  {
    when: 'we may not do it, and Azure does not say what',
    said: sync(403, 'Forbidden', 'No.'),
    is: ['HaltProvider', 'provider', 5 * MIN, 'AccessDenied'],
    told: 'Azure denies access: No',
  },
  {
    when: 'the token has expired: once, a new one is fetched',
    said: azureSays('expired_token'),
    is: ['RetryHere', 'none', S, 'LoginFailed'],
    told: "Azure login failed: The access token expiry UTC time '{t}' is earlier than current UTC time '{now}'; check identity.credential of the pool",
  },
  {
    when: 'the new token is refused too',
    said: azureSays('invalid_token'),
    asked: { failures: 1 },
    is: ['HaltProvider', 'provider', 5 * MIN, 'LoginFailed'],
    told: 'Azure login failed: The access token is invalid; check identity.credential of the pool',
  },
  {
    when: 'a request without a login is refused, by a code we do not know',
    said: sync(401, 'Unauthorized', 'Who?'),
    is: ['HaltProvider', 'provider', 5 * MIN, 'LoginFailed'],
    told: 'Azure login failed: Who?; check identity.credential of the pool',
  },
  {
    when: 'no credential works',
    said: { phase: 'sync', code: 'CredentialUnavailableError', message: "Please run 'az login' from a command prompt to authenticate." },
    is: ['HaltProvider', 'provider', 5 * MIN, 'LoginFailed'],
    told: 'Azure login failed: nobody is logged in: run az login',
  },
  {
    when: 'Entra refuses',
    said: { phase: 'sync', message: "invalid_client: AADSTS7000222: The provided client secret keys for app 'x' are expired." },
    is: ['HaltProvider', 'provider', 5 * MIN, 'LoginFailed'],
    told: "Azure login failed (AADSTS7000222): the app's client secret has expired: make a new one and set AZURE_CLIENT_SECRET",
  },
  {
    when: 'the subscription is not registered',
    said: sync(409, 'MissingSubscriptionRegistration', "The subscription is not registered to use namespace 'Microsoft.Network'."),
    is: ['HaltProvider', 'provider', 5 * MIN, 'NotRegistered'],
    told: 'the subscription is not registered for Microsoft.Network: run az provider register --namespace Microsoft.Network',
  },
  {
    when: 'the subscription is not registered, for something',
    said: sync(409, 'MissingSubscriptionRegistration', 'Register it.'),
    is: ['HaltProvider', 'provider', 5 * MIN, 'NotRegistered'],
    told: 'the subscription is not registered for Microsoft.Compute: run az provider register --namespace Microsoft.Compute',
  },
  {
    when: 'the subscription is disabled',
    said: azureSays('subscription_read_only'),
    is: ['HaltProvider', 'provider', 5 * MIN, 'SubscriptionUnusable'],
    told: "the subscription can not be used: The subscription '00000000-0000-0000-0000-000000000000' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled; mend it, or name another one in the pool",
  },
  {
    when: 'there is no answer',
    said: { phase: 'sync', code: 'ECONNRESET', message: 'socket hang up' },
    is: ['Adopt', 'none', 0, 'NoAnswer'],
    told: 'no answer from Azure about machine berth-0123456789 (ECONNRESET): it is looked for before it is asked for again',
  },
  {
    when: 'there is no answer, as told by a detail',
    said: { phase: 'sync', message: 'failed', details: [{ code: 'ETIMEDOUT' }] },
    is: ['Adopt', 'none', 0, 'NoAnswer'],
    told: 'no answer from Azure about machine berth-0123456789 (no connection): it is looked for before it is asked for again',
  },
  {
    when: 'the machine is gone',
    said: azureSays('resource_not_found'),
    is: ['Gone', 'none', 0, 'MachineGone'],
    told: 'machine berth-0123456789 does not exist any more',
  },
  {
    when: 'its interface is gone',
    said: azureSays('network_not_found'),
    is: ['Gone', 'none', 0, 'MachineGone'],
    told: 'machine berth-0123456789 does not exist any more',
  },
  {
    when: 'nobody knows the code',
    said: sync(409, 'SomethingNew', 'Something new.'),
    is: ['OtherRegion', 'region', 10 * MIN, 'AzureError'],
    told: 'Azure refuses Standard_E16s_v5 in westus3: SomethingNew: Something new; other regions are tried',
  },
  {
    when: 'nobody knows the code, again and again',
    said: { phase: 'async', message: 'Something new.' },
    asked: { failures: 5 },
    is: ['HaltPool', 'region', H, 'AzureError'],
    told: 'Azure refuses Standard_E16s_v5 in westus3: Something new; other regions are tried',
  },
];

for (const { when, said, asked: more, is, told } of ROWS) {
  test(`${when}: ${is[0]}`, () => {
    const { decision, scope, coolDownMs, reason, message } = classifyError(said, asked(more));
    assert.equal([decision, scope, coolDownMs, reason], is);
    assert.is(message, told);
  });
}

test('every row of the table is met by a case of this test', () => {
  const unmet = errorRows.filter(
    ({ decision, scope, reason }) => !ROWS.some(({ is }) => is[0] === decision && is[1] === scope && is[3] === reason),
  );
  assert.equal(unmet, []);
});

test('an operation that failed in the end means what its code means, though the SDK throws it as a plain error', () => {
  const said = 'The long-running operation has failed. AllocationFailed. Allocation failed. We do not have\nsufficient capacity.';
  const { decision, message } = classifyError({ phase: 'sync', message: said }, asked());
  assert.equal([decision, message], ['OtherSize', `Azure has no capacity left for Standard_E16s_v5 in westus3; ${NO_CAPACITY}`]);
  const canceled = classifyError({ phase: 'sync', message: 'The long-running operation has been canceled.' }, asked());
  assert.equal([canceled.decision, canceled.reason], ['RetryHere', 'Busy']);
});

test("the numbers of a quota are Azure's, and its region is in the form that pools use", () => {
  const said = azureSays('quota_family');
  const message = said.message.replace('Location: westus3', 'Location: West US 3');
  const { quota } = classifyError({ ...said, message }, asked({ region: 'eastus' }));
  assert.equal(quota, { quota: 'standardESv5Family Cores', region: 'westus3', limit: 100, usage: 96, required: 16 });
  const nowhere = classifyError({ ...said, message: said.message.replace('Location: westus3, ', '') }, asked({ region: 'eastus' }));
  assert.is(nowhere.quota?.region, undefined);
  assert.match(nowhere.message, 'in region eastus: standardESv5Family Cores: limit 100');
});

test("what Azure asks to wait is waited, however short our own wait would be, and one in place is Azure's to say", () => {
  const busy = classifyError({ ...azureSays('conflict'), retryAfterMs: 3 * S }, asked({ failures: 4 }));
  assert.is(busy.coolDownMs, 3 * S);
  const full = classifyError({ ...azureSays('quota_family'), retryAfterMs: H }, asked());
  assert.is(full.coolDownMs, H);
});

test('what is tried again in place is tried more and more slowly, up to five minutes', () => {
  const after = (failures: number): number => classifyError(azureSays('conflict'), asked({ failures })).coolDownMs;
  assert.equal([after(0), after(1), after(2), after(40)], [15 * S, 30 * S, 60 * S, 5 * MIN]);
});

test('what is refused for good is invalid, what needs somebody is denied, what something else may be had for is quota', () => {
  const codes = ROWS.map(({ said, asked: more }) => classifyError(said, asked(more))).map(
    ({ decision, errorCode }) => `${decision} ${errorCode}`,
  );
  assert.equal([...new Set(codes)].toSorted(), [
    'Adopt unavailable',
    'FailMachine invalid',
    'Gone unavailable',
    'HaltPool denied',
    'HaltProvider denied',
    'OtherPrice quota',
    'OtherRegion quota',
    'OtherSize quota',
    'OtherZone quota',
    'RetryHere unavailable',
  ]);
});

test('each collected body of Azure has its row: none is taken for something new', () => {
  const unknown = bodyIDs().filter((id) => classifyError(azureSays(id), asked()).reason === 'AzureError');
  assert.equal(unknown, []);
});

test('never: a message of several lines, a wait below zero, or a throw, whatever Azure says', () => {
  const refusal = fc.record(
    {
      phase: fc.constantFrom('sync' as const, 'async' as const),
      httpStatus: fc.integer({ min: 100, max: 599 }),
      code: fc.oneof(fc.string(), fc.constantFrom(...errorRows.flatMap(({ when }) => when.codes ?? []))),
      message: fc.string({ maxLength: 2000 }),
      target: fc.string(),
      details: fc.array(fc.record({ code: fc.string(), message: fc.string() }, { requiredKeys: [] })),
      retryAfterMs: fc.nat(),
    },
    { requiredKeys: ['phase', 'message'] },
  );
  fc.assert(
    fc.property(refusal, fc.nat(50), (said, failures) => {
      const { message, coolDownMs } = classifyError(said, asked({ failures, facts: facts({ family: undefined, vCPUs: undefined }) }));
      assert.ok(!message.includes('\n') && message.length < 1000);
      assert.ok(coolDownMs >= 0 && Number.isFinite(coolDownMs));
    }),
  );
});

test.run();
