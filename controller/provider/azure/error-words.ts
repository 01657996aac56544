// What people are told of a refusal: one line that says what was refused, where, with Azure's numbers, and what to do.
import type { Asked, Refusal } from './classify-error.ts';
import type { Said } from './error-rows.ts';
import { loginHint } from './login-hint.ts';
import type { QuotaNumbers } from './parse-quota.ts';

type Words = (said: Said) => string;

export const quota: Words = ({ refusal, asked, quota: numbers }) =>
  numbers
    ? quotaWords({ ...numbers, region: numbers.region ?? asked.region }, asked)
    : `Azure quota exceeded in region ${asked.region}: ${theirs(innermost(refusal))}; ${MORE_QUOTA}`;

/** Also of a quota that would refuse, by Azure's own counts. */
export const quotaWords = (
  { quota: name, region, limit, usage, required }: QuotaNumbers,
  asked: Pick<Asked, 'priority' | 'sku'>,
): string => {
  const counts = `${name}: limit ${limit}, ${usage} in use, ${required} more needed for ${machine(asked)}`;
  return `Azure quota exceeded in region ${region}: ${counts}; ${MORE_QUOTA}`;
};

const MORE_QUOTA = 'ask Azure for more (portal, Quotas), or give the pool another region or SKUs of another family';

export const publicIPs: Words = ({ refusal, asked }) =>
  `Azure quota exceeded in region ${asked.region}: ${theirs(refusal)}; ask Azure for more, or set network.publicIP to false`;

export const noSKU: Words = ({ asked }) =>
  `Azure does not offer ${machine(asked)} in ${place(asked)} to this subscription now; give the pool other SKUs, zones or regions`;

export const noCapacity: Words = ({ asked }) =>
  `Azure has no capacity left for ${machine(asked)} in ${place(asked)}; other SKUs and regions of the pool are tried`;

export const overconstrained: Words = ({ refusal, asked }) => {
  const constraints = [...refusal.message.matchAll(/^\s*- (.+)$/gm)].map(([, name]) => name).join(', ');
  return `Azure can not place ${machine(asked)} in ${place(asked)} with all of: ${constraints || theirs(refusal)}; other SKUs, zones and regions of the pool are tried`;
};

export const spotPrice: Words = ({ refusal, asked }) =>
  `Azure has no ${machine(asked)} in ${place(asked)} at that price: ${theirs(refusal)}; regular ones are used`;

export const noSpot: Words = ({ refusal, asked }) =>
  `Azure has no Spot machines ${asked.facts.sku} in ${place(asked)} for this subscription: ${theirs(refusal)}; regular ones are used`;

export const exists: Words = ({ asked }) => `machine ${asked.name} exists already: it is looked at before anything else`;

export const busy: Words = ({ asked }) => `Azure is still at another operation on machine ${asked.name}: it is tried again`;

export const throttled: Words = ({ refusal, asked }) => {
  const { retryAfterMs } = refusal;
  const wait = retryAfterMs === undefined ? 'soon' : `in ${Math.ceil(retryAfterMs / 1000)} s`;
  return `Azure throttles requests for region ${asked.region}: they go on ${wait}`;
};

export const nicReserved: Words = ({ asked }) =>
  `the network interface of machine ${asked.name} is reserved for 180 s after a failed create: it is tried again then`;

export const osProvisioning: Words = ({ asked }) =>
  `the operating system of machine ${asked.name} did not report to Azure that it is ready; check the pool's image and its boot log`;

export const extension: Words = ({ refusal, asked }) =>
  `an extension that Berth did not ask for failed on machine ${asked.name}: ${theirs(refusal)}; look for a policy that adds it`;

export const noAnswer: Words = ({ refusal, asked }) =>
  `no answer from Azure about machine ${asked.name} (${refusal.code ?? 'no connection'}): it is looked for before it is asked for again`;

export const azureError: Words = ({ refusal, asked }) =>
  `Azure failed on ${machine(asked)} in ${place(asked)}: ${theirs(refusal)}; it is tried again, and then elsewhere`;

export const wrongSKU: Words = ({ refusal, asked }) =>
  `the pool's image does not fit ${asked.sku}: ${firstSentence(refusal)}; choose an image tagged for its disk controller, or other SKUs`;

export const invalid: Words = ({ refusal, asked }) =>
  `Azure refuses the pool's settings in region ${asked.region}: ${theirs(refusal)}; correct them`;

export const noRegion: Words = ({ refusal, asked }) =>
  `this subscription may not use region ${asked.region}: ${theirs(refusal)}; take it out of the pool`;

export const policy: Words = ({ refusal }) =>
  `a policy of the subscription forbids the pool's machines: ${theirs(refusal)}; change the policy or the pool's settings`;

export const missing: Words = ({ refusal, asked }) =>
  `what the pool's machines need in region ${asked.region} is missing: ${theirs(refusal)}; it is made again if it is Berth's own`;

export const subnetFull: Words = ({ refusal, asked }) =>
  `the subnet of the pool in region ${asked.region} has no address left: ${theirs(refusal)}; name a larger one in network.subnetId`;

export const denied: Words = ({ refusal }) => {
  const { oid, action, scope } = DENIED.exec(refusal.message)?.groups ?? {};
  if (!oid || !action || !scope) return `Azure denies access: ${theirs(refusal)}`;
  const group = /^\/subscriptions\/[^/]+(\/resourceGroups\/[^/]+)?/i.exec(scope)?.[0] ?? scope;
  const grant = `az role assignment create --assignee ${oid} --role "${roleFor(action)}" --scope ${group}`;
  return `Azure denies ${action} on ${scope} to ${oid}: grant it (${grant})`;
};

const DENIED = /object id '(?<oid>[^']+)'.* action '(?<action>[^']+)' over scope '(?<scope>[^']+)'/s;

const ROLES: readonly (readonly [prefix: string, role: string])[] = [
  ['microsoft.compute/', 'Virtual Machine Contributor'],
  ['microsoft.network/', 'Network Contributor'],
  ['microsoft.managedidentity/', 'Managed Identity Operator'],
];

const roleFor = (action: string): string => ROLES.find(([prefix]) => action.toLowerCase().startsWith(prefix))?.[1] ?? 'Contributor';

export const login: Words = ({ refusal }) => loginHint(refusal);

export const notRegistered: Words = ({ refusal }) => {
  const namespace = /namespace '([\w.]+)'/.exec(refusal.message)?.[1] ?? 'Microsoft.Compute';
  return `the subscription is not registered for ${namespace}: run az provider register --namespace ${namespace}`;
};

export const subscription: Words = ({ refusal }) =>
  `the subscription can not be used: ${theirs(refusal)}; mend it, or name another one in the pool`;

export const gone: Words = ({ asked }) => `machine ${asked.name} does not exist any more`;

export const unknown: Words = ({ refusal, asked }) =>
  `Azure refuses ${machine(asked)} in ${place(asked)}: ${[refusal.code, theirs(refusal)].filter(Boolean).join(': ')}; other regions are tried`;

const machine = ({ priority, sku }: Pick<Asked, 'priority' | 'sku'>): string => (priority === 'Spot' ? `Spot ${sku}` : sku);

const place = ({ region, zone }: Asked): string => (zone === undefined ? region : `${region}, zone ${zone}`);

const LONGEST = 300;

/** Azure's own words, on one line. */
const theirs = ({ message }: Refusal): string => {
  const line = message.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}...`;
};

const firstSentence = (refusal: Refusal): string => theirs(refusal).split('. ', 1).join();

/** A template's refusal has the reason in its details. */
const innermost = (refusal: Refusal): Refusal => {
  const message = refusal.details?.findLast((detail) => detail.message !== undefined)?.message;
  return message === undefined ? refusal : { ...refusal, message };
};
