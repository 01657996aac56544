// Azure's SDKs as far as the provider uses them, in one controller: each request passes the provider's own policies, then the
// process's faulty calls, and is answered by the simulated Resource Manager.
import type { VirtualMachine } from '@azure/arm-compute';
import type { AzureClients } from '../../../controller/provider/azure/clients.ts';
import { requestPolicies } from '../../../controller/provider/azure/clients.ts';
import type { Governor } from '../../../controller/provider/azure/governor.ts';
import { ARMError } from '../../fakes/azure/arm-error.ts';
import type { Process } from '../process.ts';
import { type ARM, type Resource, SUBSCRIPTION } from './arm.ts';

export interface SDKParts {
  readonly process: Process;
  readonly arm: ARM;
  readonly governor: Governor;
  /** Throws what Azure refuses this request with, whatever it asks for. */
  readonly admit: (request: Sent) => void;
  /** About to leave. */
  readonly sends: (request: Sent) => void;
  /** What came back to the process. */
  readonly answered: (request: Sent, answer: Answer) => void;
}

/** A request as it leaves. */
export interface Sent {
  readonly method: Method;
  /** `*` where it concerns no region. */
  readonly region: string;
  readonly group: string;
  /** With a request for a machine: what was asked for. */
  readonly body?: VirtualMachine;
}

export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  readonly bodyAsText: string;
  readonly value?: unknown;
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';
type Options = { readonly requestOptions?: { readonly headers?: Readonly<Record<string, string>> } };
type Next = (request: unknown) => Promise<Answer>;

export const createClients = (parts: SDKParts): AzureClients => {
  const { arm } = parts;
  const ask = asking(parts);
  const list = <T>(group: string, what: string, options: Options, read: () => readonly T[]) => {
    const pages = async function* () {
      yield await ask('GET', group, what, options, read);
    };
    return Object.assign(items(pages), { byPage: pages });
  };
  const network = (type: string) => ({
    get: (group: string, name: string, options: Options) =>
      ask('GET', group, `gets ${name}`, options, () => networkOf(arm.get(group, type, name))),
    createOrUpdate: (group: string, name: string, body: Resource['body'], options: Options) =>
      ask('PUT', group, `makes ${name}`, options, () => networkOf(arm.put(group, type, name, body))),
    delete: (group: string, name: string, options: Options) =>
      poller(ask('DELETE', group, `removes ${name}`, options, () => arm.delete(group, type, name))),
  });
  const clients = {
    subscriptionID: SUBSCRIPTION,
    compute: {
      virtualMachines: {
        get: (group: string, name: string, options: Options) =>
          ask('GET', group, `looks for ${name}`, options, () => arm.getMachine(group, name)),
        list: (group: string, options: Options) => list(group, 'lists machines', options, () => arm.listMachines(group)),
        listAll: (options: Options) => list('', 'lists all machines', options, arm.listAll),
        createOrUpdate: (group: string, name: string, body: VirtualMachine, options: Options) =>
          poller(ask('PUT', group, `makes ${name}`, options, () => arm.putMachine(group, name, body), body)),
        start: (group: string, name: string, options: Options) =>
          poller(ask('POST', group, `starts ${name}`, options, () => arm.startMachine(group, name))),
        delete: (group: string, name: string, options: Options) =>
          poller(ask('DELETE', group, `deletes ${name}`, options, () => arm.deleteMachine(group, name))),
      },
      usage: { list: (region: string, options: Options) => list('', `reads usages of ${region}`, options, () => arm.usages(region)) },
      resourceSkus: {
        list: (options: Options) => list('', 'reads SKUs', options, () => arm.skus(regionOf(options))),
      },
    },
    network: {
      virtualNetworks: network('virtualNetworks'),
      networkSecurityGroups: network('networkSecurityGroups'),
      networkInterfaces: {
        list: (group: string, options: Options) => list(group, 'lists interfaces', options, () => arm.interfaces(group)),
      },
      publicIPAddresses: {
        list: (group: string, options: Options) => list(group, 'lists addresses', options, () => arm.addresses(group)),
      },
    },
    resources: {
      resourceGroups: {
        get: (name: string, options: Options) => ask('GET', name, `gets group ${name}`, options, () => ({ ...arm.getGroup(name).body })),
        createOrUpdate: (name: string, body: Resource['body'], options: Options) =>
          ask('PUT', name, `makes group ${name}`, options, () => arm.putGroup(name, body)),
        delete: (name: string, options: Options) =>
          poller(ask('DELETE', name, `removes group ${name}`, options, () => arm.deleteGroup(name))),
      },
      resources: {
        listByResourceGroup: (name: string, options: Options) =>
          list(name, `lists group ${name}`, options, () =>
            arm
              .listGroup(name)
              .map(({ body, ...one }) => ({ ...body, ...one, type: one.type.includes('/') ? one.type : `Microsoft.Network/${one.type}` })),
          ),
      },
    },
  };
  // What is not here the provider does not use in a simulation: it would fail at once, and loudly.
  return clients as unknown as AzureClients;
};

/** One request, through the provider's policies as an SDK would send it. */
const asking = ({ process, governor, admit, sends, answered }: SDKParts) => {
  const policies = requestPolicies(governor);
  const apply = (sent: Sent, change: () => unknown): Answer => {
    try {
      admit(sent);
      return { status: 200, headers: headersOf({}), bodyAsText: '', value: change() };
    } catch (error) {
      if (!(error instanceof ARMError)) throw error;
      const { code, message, details } = error.failure;
      const body = error.rawBody ?? { error: { code, message, ...(details ? { details } : {}) } };
      return { status: error.status, headers: headersOf(error.headers), bodyAsText: JSON.stringify(body) };
    }
  };
  return async <T>(method: Method, group: string, what: string, options: Options, change: () => T, body?: VirtualMachine): Promise<T> => {
    const sent: Sent = { method, group, region: regionOf(options), ...(body && { body }) };
    const send: Next = async () => {
      sends(sent);
      const call = method === 'GET' ? process.read : process.effect;
      const answer = await call(what, () => apply(sent, change)).catch(asNetworkError);
      answered(sent, answer);
      return answer;
    };
    const whole = policies.reduce<Next>(
      (next, { policy }) =>
        (request) =>
          policy.sendRequest(request as never, next as never) as Promise<unknown> as Promise<Answer>,
      send,
    );
    const request = { method, headers: headersOf(options.requestOptions?.headers ?? {}) };
    return (await whole(request)).value as T;
  };
};

/** Nobody knows whether it arrived. Only being no leader any more is known before it leaves. */
const asNetworkError = (error: unknown): never => {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'unavailable') throw error;
  throw Object.assign(new Error(error.message), { code: 'ECONNRESET' });
};

/** As those of the SDKs: names whatever their case. */
const headersOf = (all: Readonly<Record<string, string>>) => {
  const known = new Map(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    get: (name: string): string | undefined => known.get(name.toLowerCase()),
    set: (name: string, value: string): void => void known.set(name.toLowerCase(), value),
    delete: (name: string): void => void known.delete(name.toLowerCase()),
  };
};

const regionOf = ({ requestOptions }: Options): string => requestOptions?.headers?.['x-berth-region'] ?? '*';

const networkOf = ({ id, body }: Resource) => ({ ...body, id, provisioningState: 'Succeeded' });

/** Nobody waits for the end of an operation here. */
const poller = (answer: Promise<unknown>) => ({ submitted: () => answer });

const items = <T>(pages: () => AsyncIterable<readonly T[]>): AsyncIterable<T> => ({
  async *[Symbol.asyncIterator]() {
    for await (const page of pages()) yield* page;
  },
});
