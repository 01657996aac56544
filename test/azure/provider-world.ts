// Azure pools against the fake: the provider by itself, as the core would drive it. A pool and resource group for each test.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../controller/api/clock.ts';
import type { VM, VMPool, VMPoolSpec } from '../../controller/api/types.generated.ts';
import { azureProvider } from '../../controller/provider/azure/azure-provider.ts';
import { machineNames } from '../../controller/provider/azure/names.ts';
import { ON_VM } from '../../controller/provider/azure/on-vm.ts';
import type { Machine, Offering, Provider } from '../../controller/provider/provider.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { type FakeAzure, type FakeAzureOptions, startFakeAzure } from '../fakes/azure/start.ts';
import { until } from '../fakes/until.ts';

type Azure = NonNullable<VMPoolSpec['provider']['azure']>;

/** What the commands of the real first boot would leave: they install from the network, which tests have not. */
export const AFTER_BOOT = 'mkdir -p /var/lib/berth /run/berth; echo {} > /var/lib/berth/boot.json; chown berth /run/berth';

const CREDENTIALS = {
  AZURE_TENANT_ID: '00000000-0000-0000-0000-0000000000aa',
  AZURE_CLIENT_ID: '00000000-0000-0000-0000-0000000000bb',
  AZURE_CLIENT_SECRET: 'not-a-secret',
};

/** Of a controller that is to work against the fake. */
export const environmentFor = ({ url, caFile, subscription }: FakeAzure): Readonly<Record<string, string>> => ({
  ...CREDENTIALS,
  AZURE_SUBSCRIPTION_ID: subscription,
  BERTH_AZURE_ENDPOINT: url,
  BERTH_AZURE_AUTHORITY: url,
  BERTH_AZURE_CA_FILE: caFile,
});

const meta = (name: string, uid: string) => ({
  name,
  namespace: 'default',
  uid,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
});

export const vmOf = (name: string, uid: string, spec: Partial<VM['spec']> = {}): VM => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VM',
  metadata: meta(name, uid),
  spec: { poolRef: { name: 'l' }, size: 'l', slots: 4, cordoned: false, ...spec },
});

export const openAzureWorld = async (options: FakeAzureOptions = {}) => {
  const fake = await startFakeAzure(options);
  // What the SDK's own credential reads.
  Object.assign(process.env, CREDENTIALS);
  const secret = randomBytes(32).toString('hex');
  const place = { endpoint: fake.url, authority: fake.url, caFile: fake.caFile, environment: { ...process.env } };
  const poolOf = (name: string, azure: Partial<Azure> = {}, more: Partial<VMPool> = {}): VMPool => ({
    apiVersion: 'berth.dev/v1alpha1',
    kind: 'VMPool',
    metadata: meta(name, `uid-of-${name}`),
    spec: {
      sizes: [{ name: 'l' }],
      provider: {
        type: 'Azure',
        azure: { subscriptionId: fake.subscription, regions: ['westus3'], network: { allowSSHFrom: ['127.0.0.1/32'] }, ...azure },
      },
    },
    ...more,
  });
  /** As after a restart of the controller: nothing is known but the installation's secret. */
  const open = (
    pool: VMPool,
    more: {
      readonly graceMs?: number;
      readonly secret?: string;
      readonly clock?: Clock;
      readonly onPriceProblem?: (problem: string) => void;
    } = {},
  ): Provider => {
    const { secret: installation = secret, ...options } = more;
    return azureProvider({ clock: systemClock, place, keep: async () => installation, secret: noSecret, ...options }).open(pool);
  };
  const group = (pool: VMPool): string => `/resourcegroups/${groupOf(pool)}/`;
  /** As `berth plan` does. */
  const look = (pool: VMPool): Provider => azureProvider({ clock: systemClock, place, keep: undefined, secret: noSecret }).open(pool);
  return {
    fake,
    look,
    control: fake.control,
    secret: Buffer.from(secret, 'hex'),
    poolOf,
    open,
    /** Machines that exist in the pool's resource group. */
    vms: async (pool: VMPool) => (await fake.control.vms()).filter(({ id }) => id.toLowerCase().includes(group(pool))),
    /** Types and names of all there is in it, without the network that its machines share. */
    left: async (pool: VMPool) =>
      (await fake.control.resources())
        .map(({ id }) => String(id))
        .filter((id) => id.toLowerCase().includes(group(pool)) && !/networkSecurityGroups|virtualNetworks/i.test(id))
        .map((id) => id.split('/').slice(-2).join('/')),
    requests: async (after = 0) => fake.control.requests(after),
    machine: (vm: VM) => machineNames(vm.metadata.uid).vm,
    close: () => fake.stop(),
  };
};

export type AzureWorld = Awaited<ReturnType<typeof openAzureWorld>>;

export const groupOf = ({ metadata: { name } }: VMPool): string => `berth-${name}`;

const noSecret = async () => undefined;

const { signal } = new AbortController();

/** Looks again until the machine of this VM object is so. */
export const untilMachine = async (
  provider: Provider,
  pool: VMPool,
  vm: VM,
  state: Machine['state'] | 'gone',
): Promise<Machine | undefined> => {
  let found: Machine | undefined;
  await until(async () => {
    found = (await provider.list(pool, signal)).find(({ vmUID }) => vmUID === vm.metadata.uid);
    return state === 'gone' ? found === undefined : found?.state === state;
  }, `a machine that is ${state}`);
  return found;
};

export const rowOf = (offerings: readonly Offering[], sku: string, region: string): Offering | undefined =>
  offerings.find((offering) => offering.sku === sku && offering.region === region);

/** On a machine: whether no run's supervisor lives. */
export const FREE = `for lock in ${ON_VM.runs}/*/lock; do flock --nonblock "$lock" true || exit 1; done`;

/** Of a pool whose machines deallocate themselves when nobody was heard for so long. */
export const withDeadMansSwitch = (subscription: string, seconds: number): Azure => ({
  regions: ['westus3'],
  network: { allowSSHFrom: ['127.0.0.1/32'] },
  identity: {
    userAssignedId: `/subscriptions/${subscription}/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/berth`,
  },
  deadMansSwitchSeconds: seconds,
});
