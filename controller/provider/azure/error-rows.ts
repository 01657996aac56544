// The table of Azure's refusals, first match first: AZURE.md section 2 as data. What to say is in error-words.ts.
import type { Asked, Decision, Refusal, Verdict } from './classify-error.ts';
import * as words from './error-words.ts';
import type { QuotaNumbers } from './parse-quota.ts';

/** All that is there must hold; an empty one always does. */
export interface When {
  readonly status?: (status: number) => boolean;
  /** One of these, whatever the case; also in the refusal's details. */
  readonly codes?: readonly string[];
  readonly text?: RegExp;
  readonly target?: RegExp;
  readonly priority?: Asked['priority'];
  readonly zonal?: true;
  readonly limit?: number;
  /** At least so many before, in a row. */
  readonly failures?: number;
}

export interface Said {
  readonly refusal: Refusal;
  readonly asked: Asked;
  readonly quota: QuotaNumbers | undefined;
}

export interface ErrorRow {
  readonly when: When;
  readonly decision: Decision;
  readonly scope: Verdict['scope'];
  readonly coolDownMs: number;
  readonly reason: string;
  readonly says: (said: Said) => string;
}

const SECONDS = 1_000;
const MINUTES = 60 * SECONDS;
const HOURS = 60 * MINUTES;

const is = (expected: number) => (status: number) => status === expected;
const isServerError = (status: number): boolean => status >= 500;

const QUOTA = ['OperationNotAllowed', 'QuotaExceeded'];
const OS_PROVISIONING = ['OSProvisioningTimedOut', 'OSProvisioningClientError', 'OSProvisioningInternalError'];
const OVERCONSTRAINED = ['OverconstrainedAllocationRequest', 'OverconstrainedZonalAllocationRequest'];
const AZURE_INTERNAL = ['InternalExecutionError', 'InternalOperationError', 'InternalServerError', 'ServiceUnavailable'];
const CONCURRENT = [
  'Conflict',
  'ConflictingConcurrentWriteNotAllowed',
  'AnotherOperationInProgress',
  'OperationPreempted',
  'RetryableError',
  'ReferencedResourceNotProvisioned',
];
/** Free and student subscriptions have a few regions alone. */
const NO_REGION = ['RequestDisallowedByAzure', 'LocationNotAvailableForResourceType'];
const NETWORK_MISSING = /virtualNetworks|subnets|networkSecurityGroups|natGateways|userAssignedIdentities/i;
const TOKEN = ['ExpiredAuthenticationToken', 'InvalidAuthenticationToken', 'InvalidAuthenticationTokenTenant', 'AuthenticationFailed'];
const IDENTITY = [
  'CredentialUnavailableError',
  'AuthenticationRequiredError',
  'AuthenticationError',
  'AggregateAuthenticationError',
  'ClientAuthenticationError',
];
const UNKNOWN_OUTCOME = [
  ...['ECONNRESET', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 'ECONNREFUSED', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['REQUEST_SEND_ERROR', 'PARSE_ERROR', 'AbortError', 'TimeoutError'],
];

const row = (
  when: When,
  [decision, scope, coolDownMs]: readonly [Decision, Verdict['scope'], number],
  reason: string,
  says: (said: Said) => string,
): ErrorRow => ({ when, decision, scope, coolDownMs, reason, says });

/** The status comes before the code: a throttled request has the code of a refused one (AZURE.md 0.3). */
const THROTTLING: readonly ErrorRow[] = [
  row({ status: is(429), codes: ['RetryableErrorDueToAnotherOperation'] }, ['RetryHere', 'none', 15 * SECONDS], 'Busy', words.busy),
  row({ status: is(429) }, ['RetryHere', 'none', MINUTES], 'Throttled', words.throttled),
];

const CAPACITY: readonly ErrorRow[] = [
  row(
    { codes: QUOTA, text: /LowPriorityCores|Low Priority Cores|Spot vCPUs/i },
    ['OtherPrice', 'price', HOURS],
    'QuotaExceeded',
    words.quota,
  ),
  row({ codes: QUOTA, text: /Total Regional (Cores|vCPUs)/i }, ['OtherRegion', 'region', 10 * MINUTES], 'QuotaExceeded', words.quota),
  row({ codes: QUOTA, text: /Family (Cores|vCPUs)/i, limit: 0 }, ['OtherSize', 'family', HOURS], 'QuotaExceeded', words.quota),
  row({ codes: QUOTA, text: /Family (Cores|vCPUs)/i }, ['OtherSize', 'family', 10 * MINUTES], 'QuotaExceeded', words.quota),
  row({ codes: QUOTA, text: /exceeding approved|quota/i }, ['OtherRegion', 'region', 10 * MINUTES], 'QuotaExceeded', words.quota),
  row({ codes: ['PublicIPCountLimitReached'], failures: 3 }, ['HaltPool', 'region', HOURS], 'QuotaExceeded', words.publicIPs),
  row({ codes: ['PublicIPCountLimitReached'] }, ['RetryHere', 'region', 10 * MINUTES], 'QuotaExceeded', words.publicIPs),
  row({ codes: ['SkuNotAvailable'], priority: 'Spot' }, ['OtherPrice', 'sku', HOURS], 'SKUNotAvailable', words.noSKU),
  row({ codes: ['SkuNotAvailable'], zonal: true }, ['OtherZone', 'sku', 23 * HOURS], 'SKUNotAvailable', words.noSKU),
  row({ codes: ['SkuNotAvailable'] }, ['OtherSize', 'sku', 23 * HOURS], 'SKUNotAvailable', words.noSKU),
  row({ codes: ['ZonalAllocationFailed'] }, ['OtherZone', 'sku', HOURS], 'SKUNotAvailable', words.noCapacity),
  row({ codes: ['AllocationFailed'] }, ['OtherSize', 'sku', HOURS], 'SKUNotAvailable', words.noCapacity),
  row({ codes: OVERCONSTRAINED, zonal: true }, ['OtherZone', 'sku', HOURS], 'SKUNotAvailable', words.overconstrained),
  row({ codes: OVERCONSTRAINED }, ['OtherSize', 'sku', HOURS], 'SKUNotAvailable', words.overconstrained),
  row({ codes: ['SpotPriceGreaterThanProvidedMaxPrice'] }, ['OtherPrice', 'sku', HOURS], 'SKUNotAvailable', words.spotPrice),
  row({ codes: ['AzureSpotIsNotSupportedForThisVMSize'] }, ['OtherPrice', 'sku', 23 * HOURS], 'SKUNotAvailable', words.noSpot),
  row({ codes: ['AzureSpotFeatureNotEnabledForSubscription'] }, ['OtherPrice', 'price', 23 * HOURS], 'SKUNotAvailable', words.noSpot),
];

const MACHINE: readonly ErrorRow[] = [
  row({ codes: ['PropertyChangeNotAllowed'] }, ['Adopt', 'none', 0], 'AlreadyExists', words.exists),
  row({ status: is(412) }, ['Adopt', 'none', 0], 'AlreadyExists', words.exists),
  row({ codes: CONCURRENT }, ['RetryHere', 'none', 15 * SECONDS], 'Busy', words.busy),
  row({ codes: ['NicReservedForAnotherVm'] }, ['RetryHere', 'none', 180 * SECONDS], 'NICReserved', words.nicReserved),
  row({ codes: OS_PROVISIONING, failures: 2 }, ['FailMachine', 'none', 0], 'OSProvisioningFailed', words.osProvisioning),
  row({ codes: OS_PROVISIONING, failures: 1 }, ['RetryHere', 'none', 10 * SECONDS], 'OSProvisioningFailed', words.osProvisioning),
  row({ codes: OS_PROVISIONING }, ['Adopt', 'none', 0], 'OSProvisioningFailed', words.osProvisioning),
  row(
    { codes: ['VMExtensionProvisioningError', 'VMExtensionHandlerNonTransientError', 'VMExtensionProvisioningTimeout'] },
    ['FailMachine', 'none', 0],
    'ExtensionFailed',
    words.extension,
  ),
  row({ codes: UNKNOWN_OUTCOME }, ['Adopt', 'none', 0], 'NoAnswer', words.noAnswer),
  row({ codes: AZURE_INTERNAL, failures: 3 }, ['OtherRegion', 'region', 10 * MINUTES], 'AzureError', words.azureError),
  row({ codes: AZURE_INTERNAL }, ['RetryHere', 'none', 10 * SECONDS], 'AzureError', words.azureError),
];

const REQUEST: readonly ErrorRow[] = [
  row(
    { codes: ['InvalidParameter'], target: /vmSize|diskControllerType/i },
    ['OtherSize', 'sku', 23 * HOURS],
    'SKUNotAvailable',
    words.wrongSKU,
  ),
  row({ codes: ['InvalidParameter'], text: /cannot boot with/i }, ['OtherSize', 'sku', 23 * HOURS], 'SKUNotAvailable', words.wrongSKU),
  row({ codes: ['ImageNotFound', 'PlatformImageNotFound'] }, ['FailMachine', 'region', 10 * MINUTES], 'ImageNotFound', words.invalid),
  row(
    {
      codes: [
        ...['InvalidParameter', 'InvalidRequestFormat', 'InvalidRequestContent', 'BadRequest', 'LinkedInvalidPropertyId'],
        'MarketplacePurchaseEligibilityFailed',
      ],
    },
    ['FailMachine', 'provider', 10 * MINUTES],
    'InvalidSettings',
    words.invalid,
  ),
  row({ codes: NO_REGION }, ['OtherRegion', 'region', 23 * HOURS], 'SKUNotAvailable', words.noRegion),
  row({ codes: ['RequestDisallowedByPolicy'] }, ['HaltPool', 'provider', 10 * MINUTES], 'PolicyDenied', words.policy),
  row({ codes: ['ResourceGroupNotFound'] }, ['HaltPool', 'provider', 30 * SECONDS], 'NetworkMissing', words.missing),
  row(
    { codes: ['NotFound', 'ResourceNotFound', 'InvalidResourceReference'], text: NETWORK_MISSING },
    ['HaltPool', 'region', 30 * SECONDS],
    'NetworkMissing',
    words.missing,
  ),
  row({ codes: ['SubnetIsFull', 'InsufficientSubnetSize'] }, ['HaltPool', 'region', 10 * MINUTES], 'SubnetFull', words.subnetFull),
];

const LOGIN: readonly ErrorRow[] = [
  row(
    { codes: ['AuthorizationFailed', 'LinkedAuthorizationFailed'] },
    ['HaltProvider', 'provider', 5 * MINUTES],
    'AccessDenied',
    words.denied,
  ),
  row({ codes: TOKEN, failures: 1 }, ['HaltProvider', 'provider', 5 * MINUTES], 'LoginFailed', words.login),
  // Once with a new token: the SDK does not ask for one by itself.
  row({ codes: TOKEN }, ['RetryHere', 'none', SECONDS], 'LoginFailed', words.login),
  row({ codes: IDENTITY }, ['HaltProvider', 'provider', 5 * MINUTES], 'LoginFailed', words.login),
  row({ text: /AADSTS\d+/ }, ['HaltProvider', 'provider', 5 * MINUTES], 'LoginFailed', words.login),
  row({ codes: ['MissingSubscriptionRegistration'] }, ['HaltProvider', 'provider', 5 * MINUTES], 'NotRegistered', words.notRegistered),
  row(
    { codes: ['ReadOnlyDisabledSubscription', 'SubscriptionNotFound', 'InvalidSubscriptionId'] },
    ['HaltProvider', 'provider', 5 * MINUTES],
    'SubscriptionUnusable',
    words.subscription,
  ),
];

/** Where the code says nothing that we know. */
const BY_STATUS: readonly ErrorRow[] = [
  row({ status: is(404) }, ['Gone', 'none', 0], 'MachineGone', words.gone),
  row({ status: is(401) }, ['HaltProvider', 'provider', 5 * MINUTES], 'LoginFailed', words.login),
  row({ status: is(403) }, ['HaltProvider', 'provider', 5 * MINUTES], 'AccessDenied', words.denied),
  row({ status: isServerError, failures: 3 }, ['OtherRegion', 'region', 10 * MINUTES], 'AzureError', words.azureError),
  row({ status: isServerError }, ['RetryHere', 'none', 10 * SECONDS], 'AzureError', words.azureError),
  row({ failures: 5 }, ['HaltPool', 'region', HOURS], 'AzureError', words.unknown),
];

export const errorRows: readonly ErrorRow[] = [...THROTTLING, ...CAPACITY, ...MACHINE, ...REQUEST, ...LOGIN, ...BY_STATUS];

/** What nobody has seen yet is taken to hold for the region: another one is likely to do (SkyPilot does the same). */
export const unknownError: ErrorRow = row({}, ['OtherRegion', 'region', 10 * MINUTES], 'AzureError', words.unknown);
