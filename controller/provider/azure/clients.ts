// The clients of Azure's SDKs for one subscription and one way to log in: loaded when first used, every request in its turn,
// every failure with all that Azure said.
import { readFile } from 'node:fs/promises';
import type { ComputeManagementClient, ComputeManagementClientOptionalParams } from '@azure/arm-compute';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { ResourceManagementClient } from '@azure/arm-resources';
import { AzureFailure, failureOfAnswer, failureOfError } from './azure-failure.ts';
import { type AzureLogin, type CredentialKind, credentialOf, subscriptionOf } from './credential.ts';
import { EVERYWHERE, type Governor } from './governor.ts';

/** Where Azure is; all unset but where something stands in for it. */
export interface AzurePlace extends AzureLogin {
  /** Of Azure Resource Manager, and of the Retail Prices API. */
  readonly endpoint?: string | undefined;
  /** A file with the certificates (PEM) that its server is trusted by. */
  readonly caFile?: string | undefined;
}

export interface AzureClients {
  readonly subscriptionID: string;
  readonly compute: ComputeManagementClient;
  readonly network: NetworkManagementClient;
  readonly resources: ResourceManagementClient;
}

export interface Azure {
  /** What `ask` throws is an AzureFailure, or ours. A login that has run out is made anew once. */
  call<T>(ask: (clients: AzureClients) => Promise<T>): Promise<T>;
}

export interface AzureOptions {
  readonly place: AzurePlace;
  readonly subscriptionID: string | undefined;
  readonly credential: CredentialKind;
  readonly governor: Governor;
  /** In place of Azure's SDKs: where neither they nor a network is wanted. Asks each request of `requestPolicies`. */
  readonly connect?: ((options: AzureOptions) => Promise<AzureClients>) | undefined;
}

/** What every call is given: whom it concerns, and how long it may take. */
export const callOptions = (region: string | undefined, signal: AbortSignal) => ({
  abortSignal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
  requestOptions: { headers: { [REGION]: region ?? EVERYWHERE } },
});

const CALL_MS = 60_000;
/** Never sent: it tells our own policies. */
const REGION = 'x-berth-region';
/** The SDKs' own are made for programs that wait: three, and the whole of a Retry-After, however long. */
const RETRIES = { maxRetries: 1, retryDelayInMs: 500, maxRetryDelayInMs: 5_000 };

export const openAzure = (options: AzureOptions): Azure => {
  let opening: Promise<AzureClients> | undefined;
  const clients = (): Promise<AzureClients> => {
    opening ??= (options.connect ?? connect)(options).catch((error: unknown) => {
      opening = undefined;
      throw failureOfError(error);
    });
    return opening;
  };
  return {
    call: async (ask) => {
      try {
        return await ask(await clients());
      } catch (error) {
        const failure = failureOfError(error);
        if (!(failure instanceof AzureFailure) || failure.refusal.httpStatus !== 401) throw failure;
        // A token that is not taken any more; one that is refused anew is no matter of age.
        opening = undefined;
        return ask(await clients()).catch((again: unknown) => {
          throw failureOfError(again);
        });
      }
    },
  };
};

const connect = async ({ place, credential: kind, governor, ...options }: AzureOptions): Promise<AzureClients> => {
  const sdk = await import('./sdk.ts');
  const ca = place.caFile === undefined ? undefined : await readFile(place.caFile, 'utf8');
  const tls = ca === undefined ? {} : { tlsOptions: { ca } };
  const { AzureCliCredential, EnvironmentCredential, ManagedIdentityCredential, WorkloadIdentityCredential } = sdk;
  const credentials = { AzureCliCredential, EnvironmentCredential, ManagedIdentityCredential, WorkloadIdentityCredential };
  const credential = credentialOf(kind, { ...place, ...tls }, credentials);
  const subscriptionID = options.subscriptionID ?? (await subscriptionOf(place));
  const clientOptions = {
    ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
    ...tls,
    retryOptions: RETRIES,
    additionalPolicies: requestPolicies(governor),
  };
  return {
    subscriptionID,
    compute: new sdk.ComputeManagementClient(credential, subscriptionID, clientOptions),
    network: new sdk.NetworkManagementClient(credential, subscriptionID, clientOptions),
    resources: new sdk.ResourceManagementClient(credential, subscriptionID, clientOptions),
  };
};

/** The inner one first. */
export const requestPolicies = (governor: Governor) => [
  { policy: turnPolicy(governor), position: 'perRetry' as const },
  { policy: failurePolicy, position: 'perCall' as const },
];

type Policy = NonNullable<ComputeManagementClientOptionalParams['additionalPolicies']>[number]['policy'];

/** Around each single request: the SDKs would wait out a Retry-After themselves, with nobody the wiser. */
const turnPolicy = (governor: Governor): Policy => ({
  name: 'berth-turn',
  sendRequest: async (request, next) => {
    const region = request.headers.get(REGION) ?? EVERYWHERE;
    const kind = request.method === 'GET' || request.method === 'HEAD' ? 'read' : request.method === 'DELETE' ? 'delete' : 'write';
    await governor.admit(kind, region, request.abortSignal as AbortSignal | undefined);
    request.headers.delete(REGION);
    // For the SDK's own second try, which comes through here again.
    const answer = await next(request).finally(() => request.headers.set(REGION, region));
    if (answer.status !== 429 && !(answer.status === 503 && answer.headers.get('retry-after'))) return answer;
    const failure = failureOfAnswer(answer);
    governor.hold(region, failure.refusal.retryAfterMs ?? UNTOLD_MS);
    throw failure;
  },
});

/** Azure throttles without saying for how long. */
const UNTOLD_MS = 10_000;

/** Around a whole call: no SDK gets to see a failure, as each would keep something else of it. */
const failurePolicy: Policy = {
  name: 'berth-failure',
  sendRequest: async (request, next) => {
    const answer = await next(request).catch((error: unknown) => {
      throw failureOfError(error);
    });
    if (answer.status < 400) return answer;
    throw failureOfAnswer(answer);
  },
};
