// One request to Resource Manager: faults, sign-in, throttling and rights first, then whoever handles its type.
import { randomUUID } from 'node:crypto';
import { ARMError, type Blanks, errorOf, refuse } from './arm-error.ts';
import { type Answer, type Azure, type Call, find } from './azure.ts';
import { authenticate } from './entra.ts';
import { versionsOf } from './facts.ts';
import { type Facts, judge, type Verdict } from './faults.ts';
import { dig, object, text } from './json.ts';
import { type Place, placeOf } from './path.ts';
import { checkGroup } from './resources/groups.ts';
import { route } from './routes.ts';
import { throttle } from './throttle.ts';

export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly base: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

export interface Handled extends Answer {
  readonly headers: Readonly<Record<string, string>>;
  readonly verdict: Verdict;
}

/** Undefined: the path is not of Resource Manager. */
export const handle = async (azure: Azure, request: Request): Promise<Handled | undefined> => {
  const place = placeOf(request.method, request.url.pathname);
  if (!place) return undefined;
  const facts = factsOf(azure, request, place);
  const verdict = judge(azure.world.faults, facts, blanksOf(place, facts), azure.clock.now());
  const call: Call = { ...request, ...place, query: queryOf(request.url), plan: verdict.plan };
  const headers: Record<string, string> = {
    'x-ms-request-id': randomUUID(),
    'x-ms-correlation-request-id': randomUUID(),
    'x-ms-routing-request-id': `FAKE:${new Date().toISOString()}:${randomUUID()}`,
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'Cache-Control': 'no-cache',
  };
  if (verdict.transport === 'dropBefore' || verdict.transport === 'hang') return { status: 0, headers, verdict };
  if (verdict.redirect !== undefined) return { status: 307, headers: { ...headers, Location: verdict.redirect }, verdict };
  try {
    const answer = await admitted(azure, call, facts, verdict, headers);
    return { ...answer, headers: { ...headers, ...answer.headers }, verdict };
  } catch (error) {
    if (!(error instanceof ARMError)) throw error;
    const body = error.rawBody ?? { error: error.failure };
    return { status: error.status, headers: { ...headers, ...error.headers }, body: request.method === 'HEAD' ? undefined : body, verdict };
  }
};

const admitted = async (azure: Azure, call: Call, facts: Facts, { error }: Verdict, headers: Record<string, string>): Promise<Answer> => {
  const principal = authenticate(azure, call.headers.authorization);
  Object.assign(headers, throttle(azure, call, facts));
  if (error) throw error;
  const { disabled, unregistered } = azure.world.faults;
  if (!azure.world.subscriptions.includes(call.subscription.toLowerCase())) {
    throw refuse(404, 'SubscriptionNotFound', `The subscription '${call.subscription}' could not be found.`);
  }
  const writes = call.method !== 'GET' && call.method !== 'HEAD';
  if (writes && disabled.includes(call.subscription)) throw errorOf('subscription_read_only', { sub: call.subscription });
  checkRights(azure, call, principal);
  const handler = route(call.method, call.type, call.action);
  if (!handler) throw refuse(404, 'InvalidResourceType', `The resource type could not be found: ${call.method} ${call.url.pathname}.`);
  checkVersion(call);
  const namespace = call.type.split('/')[0]?.toLowerCase() ?? '';
  if (writes && unregistered.includes(namespace)) {
    const words = `The subscription is not registered to use namespace '${call.type.split('/')[0]}'. See https://aka.ms/rps-not-found for how to register subscriptions.`;
    throw refuse(409, 'MissingSubscriptionRegistration', words);
  }
  if (call.group && call.type !== 'group') checkGroup(azure, call);
  return handler(azure, call);
};

const checkVersion = (call: Call): void => {
  const version = call.query('api-version');
  if (!version)
    throw refuse(400, 'MissingApiVersionParameter', 'The api-version query parameter (?api-version=) is required for all requests.');
  const namespace = call.type.includes('/') ? (call.type.split('/')[0] ?? '') : undefined;
  if (namespace === undefined || versionsOf(namespace).includes(version)) return;
  throw refuse(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for API version '${version}' for type '${call.type}'. The supported api-versions are '${versionsOf(namespace).join(', ')}'.`,
  );
};

const VERBS: Readonly<Record<string, string>> = { PUT: 'write', PATCH: 'write', GET: 'read', HEAD: 'read', DELETE: 'delete' };

/** `Microsoft.Compute/virtualMachines/write`; of a POST `…/start/action`. */
const actionOf = ({ method, type, action }: Call): string => {
  const full = type === 'group' ? 'Microsoft.Resources/subscriptions/resourceGroups' : type;
  return method === 'POST' ? `${full}/${action}/action` : `${full}/${VERBS[method] ?? method.toLowerCase()}`;
};

const checkRights = (azure: Azure, call: Call, principal: string): void => {
  const action = actionOf(call);
  const denied = azure.world.faults.denied.some(
    (rule) => new RegExp(`^${rule.action.replaceAll('*', '.*')}$`, 'i').test(action) && new RegExp(rule.scope, 'i').test(call.id),
  );
  if (denied) throw errorOf('authorization_failed', { client: principal, oid: principal, action, scope: call.id });
};

const factsOf = (azure: Azure, { method, body }: Request, { type, action, name, id, location }: Place): Facts => {
  const operation = action === 'poll' ? azure.world.operations.get(name) : undefined;
  const resource = find(azure, operation?.resource ?? id);
  const properties = object(dig(body, 'properties'));
  const size = text(dig(properties, 'hardwareProfile', 'vmSize')) ?? resource?.machine?.size ?? '';
  const zone = text(dig(body, 'zones', 0)) ?? resource?.machine?.zone ?? '';
  const spot = properties.priority === undefined ? resource?.machine?.spot : properties.priority === 'Spot';
  return {
    method,
    type: operation ? `${operation.namespace}/operations` : type,
    action,
    name: operation?.resource.split('/').at(-1) ?? name,
    region: (text(dig(body, 'location')) ?? resource?.location ?? operation?.location ?? location).toLowerCase().replaceAll(' ', ''),
    size,
    zone,
    priority: spot ? 'Spot' : 'Regular',
  };
};

/** Numbers no fault gave are those of a full quota of 10 cores. */
const blanksOf = ({ subscription, group, name, id }: Place, facts: Facts): Blanks => ({
  sub: subscription,
  rg: group,
  vm: name,
  nic: name,
  id,
  name,
  location: facts.region,
  size: facts.size,
  zone: facts.zone,
  zones: facts.zone,
  family: 'standardESv5Family',
  limit: 10,
  usage: 8,
  required: 16,
  newLimit: 24,
  n: 20,
  property: 'zones',
  controller: 'NVMe',
  action: 'Microsoft.Compute/virtualMachines/write',
  scope: id,
  client: 'fake',
  oid: 'fake',
});

const queryOf =
  (url: URL): Call['query'] =>
  (name) => {
    for (const [key, value] of url.searchParams) if (key.toLowerCase() === name.toLowerCase()) return value;
    return undefined;
  };
