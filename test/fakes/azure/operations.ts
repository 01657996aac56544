// Long-running operations: their documents, the headers that lead to them, and the faults fastened to them.
import { randomUUID } from 'node:crypto';
import { ARMError, errorOf, refuse } from './arm-error.ts';
import { type Answer, type Azure, type Call, find } from './azure.ts';
import { lasting } from './timers.ts';
import type { Failure, World } from './world.ts';

/** What faults.ts has in store for the operation a request begins. */
export interface Plan {
  readonly failure?: Failure;
  readonly canceled?: boolean;
  /** When the failure comes; without it at the step where Azure notices. */
  readonly afterMs?: number;
  readonly stuck?: boolean;
  readonly lost?: boolean;
  readonly slow?: { readonly factor?: number; readonly ms?: number };
  readonly headers?: 'none' | 'location';
  readonly pollError?: { readonly status: number; left: number };
}

export interface Operation {
  readonly id: string;
  readonly subscription: string;
  readonly namespace: string;
  readonly location: string;
  /** Folded id of what it works on. */
  readonly resource: string;
  readonly verb: string;
  readonly started: number;
  ended?: number;
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';
  failure?: Failure;
  /** What the monitor answers with at the end, when it is not the resource. */
  result?: unknown;
  readonly plan: Plan;
}

export const beginOperation = (
  azure: Azure,
  call: Pick<Call, 'subscription' | 'type' | 'id' | 'plan'>,
  verb: string,
  location: string,
): Operation => {
  const operation: Operation = {
    id: randomUUID(),
    subscription: call.subscription,
    namespace: call.type.split('/')[0] ?? 'Microsoft.Resources',
    location,
    resource: call.id.toLowerCase(),
    verb,
    started: azure.clock.now(),
    status: 'InProgress',
    plan: structuredClone(call.plan),
  };
  azure.world.operations.set(operation.id, operation);
  forgetOld(azure.world, azure.clock.now());
  return operation;
};

/** How long a step takes within this operation. */
export const stepTime = (azure: Azure, operation: Operation, name: keyof World['durations']): number =>
  lasting(azure, name) * (operation.plan.slow?.factor ?? 1) + (operation.plan.slow?.ms ?? 0);

/** False when it was over already, or is never to be. */
export const endOperation = (azure: Azure, id: string, status: Operation['status'], failure?: Failure): boolean => {
  const operation = azure.world.operations.get(id);
  if (operation?.status !== 'InProgress' || (operation.plan.stuck && status === 'Succeeded')) return false;
  operation.status = status;
  operation.ended = azure.clock.now();
  if (failure) operation.failure = failure;
  return true;
};

/** Still in progress. */
export const isOpen = (azure: Azure, id: string): boolean => azure.world.operations.get(id)?.status === 'InProgress';

/** The answer that begins an operation: 201 or 200 with a body, 202 without. */
export const accepted = (azure: Azure, call: Call, operation: Operation, status: number, body?: unknown): Answer => {
  const { Location, ...async } = operationHeaders(call, operation);
  const withBody = status !== 202;
  const which = operation.plan.headers;
  const led: Record<string, string> = {
    ...(which === undefined ? async : {}),
    ...(which === 'location' || (which === undefined && !withBody) ? { Location } : {}),
  };
  const { initial } = azure.world.retryAfter;
  return {
    status,
    body,
    operation: operation.id,
    headers: { ...led, ...(initial === undefined ? {} : { 'Retry-After': String(initial) }) },
  };
};

const operationHeaders = (
  call: Call,
  { id, subscription, namespace, location }: Operation,
): { 'Azure-AsyncOperation': string; Location: string } => {
  const place = `${call.base}/subscriptions/${subscription}/providers/${namespace}/locations/${location}`;
  const signed = `api-version=${call.query('api-version')}&t=${Date.now()}&c=fake&s=fake&h=fake`;
  if (namespace === 'Microsoft.Network') {
    return { 'Azure-AsyncOperation': `${place}/operations/${id}?${signed}`, Location: `${place}/operationResults/${id}?${signed}` };
  }
  const url = `${place}/operations/${id}?p=${id}`;
  return { 'Azure-AsyncOperation': `${url}&${signed}`, Location: `${url}&monitor=true&${signed}` };
};

/** GET on either of the two URLs. `render` shows what the operation made. */
export const pollOperation = (azure: Azure, call: Call, id: string, render: (folded: string) => unknown): Answer => {
  const operation = azure.world.operations.get(id);
  if (!operation || operation.plan.lost) throw refuse(404, 'NotFound', `The entity was not found: operation ${id}.`);
  const { pollError } = operation.plan;
  if (pollError && pollError.left > 0) {
    pollError.left--;
    throw refuse(pollError.status, 'InternalServerError', 'An injected error of a poll.');
  }
  const poll = azure.world.retryAfter.poll;
  const headers: Record<string, string> = poll === undefined || operation.status !== 'InProgress' ? {} : { 'Retry-After': String(poll) };
  const monitor = call.query('monitor') === 'true' || /operationresults/i.test(call.url.pathname);
  return monitor ? monitored(azure, operation, headers, call, render) : { status: 200, headers, body: documentOf(operation) };
};

const monitored = (
  azure: Azure,
  operation: Operation,
  headers: Record<string, string>,
  call: Call,
  render: (folded: string) => unknown,
): Answer => {
  switch (operation.status) {
    case 'InProgress':
      return { status: 202, headers: { ...headers, Location: call.url.href.replace(call.url.origin, call.base) } };
    case 'Succeeded':
      return { status: 200, body: operation.result ?? (find(azure, operation.resource) ? render(operation.resource) : undefined) };
    case 'Failed':
    case 'Canceled':
      throw new ARMError(409, operation.failure ?? { code: 'Canceled', message: 'The operation was canceled.' });
  }
};

const documentOf = ({ id, started, ended, status, failure, result }: Operation): object => ({
  startTime: new Date(started).toISOString(),
  ...(ended === undefined ? {} : { endTime: new Date(ended).toISOString() }),
  status,
  ...(failure ? { error: failure } : {}),
  ...(result === undefined ? {} : { properties: { output: result } }),
  name: id,
});

/** Makes room for another operation on the same resource: the older one ends as overtaken. */
export const preempt = (azure: Azure, id: string): boolean => endOperation(azure, id, 'Failed', errorOf('operation_preempted').failure);

const forgetOld = (world: World, now: number): void => {
  for (const [id, { ended }] of world.operations) {
    if (ended === undefined) continue;
    if (ended + world.operationTTL > now) return; // in order of their beginning: those behind are younger, or nearly so
    world.operations.delete(id);
  }
};
