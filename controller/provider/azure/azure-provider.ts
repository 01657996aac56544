// Machines of Azure: what the core asks of a provider, put together from its parts. Nothing of Azure's SDKs is loaded before a
// pool of this type asks for something.
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import { poolSizes } from '../../api/sizes.ts';
import type { VMPool } from '../../api/types.generated.ts';
import type { ReadSecret } from '../credentials.ts';
import type { Machine, Provider, ProviderModule } from '../provider.ts';
import { type AzurePool, openAzurePool } from './azure-pool.ts';
import { type Azure, type AzureOptions, type AzurePlace, openAzure } from './clients.ts';
import { conditionsOf } from './conditions.ts';
import { deleteMachine } from './delete-machine.ts';
import { createGovernor } from './governor.ts';
import { type Keep, openInstallation } from './installation.ts';
import { jumpLogin } from './jump-host.ts';
import { deriveKey } from './keys.ts';
import { listMachines } from './list-machines.ts';
import { createLivePrices } from './live-prices.ts';
import { makeMachine } from './make-machine.ts';
import { createMarketFacts, type MarketFacts } from './market-facts.ts';
import { ADMIN_USER } from './on-vm.ts';
import { publicAddress } from './public-address.ts';
import { reachMachine } from './reach-machine.ts';
import { priceReader, type ReadPrice } from './read-price.ts';
import { releaseShared } from './release-shared.ts';
import { putOffShutdown } from './schedule.ts';
import { azureSettings } from './settings.ts';
import { startMachine } from './start-machine.ts';
import { sweepOrphans } from './sweep-orphans.ts';
import { offeringsOf } from './walk.ts';

export interface AzureProviderOptions {
  readonly clock: Clock;
  readonly place: AzurePlace;
  /** What stands in for Azure's SDKs. */
  readonly connect?: AzureOptions['connect'];
  /** What stands in for the Retail Prices API. */
  readonly readPrice?: ReadPrice;
  /** Told why prices can not be read: once, until they can again. */
  readonly onPriceProblem?: ((problem: string) => void) | undefined;
  /** How machines are logged in on, where something stands in for them. */
  readonly ssh?: { readonly user?: string | undefined; readonly port?: number | undefined };
  /** Who may reach machines by SSH where their pool does not say; unset: the address we are seen with. */
  readonly sources?: readonly string[] | undefined;
  /** Keeps this installation's secret; undefined where somebody only looks: then nothing is asked of Azure. */
  readonly keep: Keep | undefined;
  /** Of people's own: how to log in on jump hosts. */
  readonly secret: ReadSecret;
  /** What belongs to nobody is left alone for so long: somebody may be about to own it. */
  readonly graceMs?: number | undefined;
}

const SSH_PORT = 22;
const GRACE_MS = 300_000;
/** What could be had is looked at this often where nobody asks for machines. */
const LOOK_MS = 30_000;

export const azureProvider = (options: AzureProviderOptions): ProviderModule => {
  const { clock, place, keep, connect } = options;
  const prices = createLivePrices({ clock, read: options.readPrice ?? priceReader(place), onProblem: options.onPriceProblem });
  const governor = createGovernor(clock);
  const installation = openInstallation(keep ?? onlyLooking);
  const accounts = new Map<string, { readonly azure: Azure; readonly facts: MarketFacts }>();
  const pools = new Map<string, AzurePool>();
  const replaced = new Set<string>();
  const lookedAt = new Map<string, number>();

  /** One login and one set of counts for all pools of a subscription. */
  const accountOf = (pool: VMPool) => {
    const { subscriptionID, identity } = azureSettings(pool);
    const key = `${subscriptionID} ${identity.credential}`;
    const azure = openAzure({ place, subscriptionID, credential: identity.credential, governor, connect });
    const account = accounts.get(key) ?? { azure, facts: createMarketFacts(azure, clock, prices.known) };
    accounts.set(key, account);
    return account;
  };
  const poolOf = (pool: VMPool): AzurePool => {
    const known = pools.get(pool.metadata.uid);
    known?.learn(pool);
    if (known) return known;
    const sources = async () => options.sources ?? [`${await publicAddress()}/32`];
    const opened = openAzurePool({ pool, clock, ...accountOf(pool), installation, sources });
    pools.set(pool.metadata.uid, opened);
    return opened;
  };
  /** In the background: whoever asks for offerings does not wait. */
  const look = (azure: AzurePool): void => {
    const { uid } = azure.pool.metadata;
    if (!keep || clock.monotonic() - (lookedAt.get(uid) ?? Number.NEGATIVE_INFINITY) < LOOK_MS) return;
    lookedAt.set(uid, clock.monotonic());
    const { signal } = new AbortController();
    const skus = [...new Set(poolSizes(azure.pool.spec).flatMap((size) => size.skus))];
    for (const region of azure.settings.regions) {
      azure
        .learnRegion(region, signal)
        // Of no use to who can not log in.
        .then(() => prices.refresh(region, skus))
        .catch(() => undefined);
    }
  };

  const open = (opened: VMPool): Provider => {
    poolOf(opened);
    return {
      list: (pool, signal) => listMachines(poolOf(pool), replaced, signal),
      create: async (vm, pool, signal) => {
        await makeMachine(poolOf(pool), vm, pool, signal);
        await putOffShutdown(poolOf(pool), vm.metadata.uid, signal);
      },
      delete: (machine, signal) => deleteMachine(poolOf(opened), machine, signal),
      start: (machine, signal) => startMachine(poolOf(opened), machine, signal),
      connect: (machine: Machine) => {
        const azure = poolOf(opened);
        const secret = async () => (await installation()).secret;
        return reachMachine(machine, {
          clock,
          secret,
          replaced,
          beats: () => putOffShutdown(azure, machine.vmUID, new AbortController().signal),
          user: options.ssh?.user ?? ADMIN_USER,
          port: options.ssh?.port ?? SSH_PORT,
          jump: () => jumpLogin(azure, options.secret),
        });
      },
      offerings: (pool) => {
        const azure = poolOf(pool);
        look(azure);
        if (azure.problem !== undefined) throw new OperatorError('denied', azure.problem);
        return offeringsOf(azure.market(pool));
      },
      hostKey: async ({ metadata: { uid } }) => {
        const { secret } = await installation();
        return `${deriveKey(secret, uid, 'host-1').publicKey}\n${deriveKey(secret, uid, 'host-2').publicKey}`;
      },
      conditions: (pool) => conditionsOf(poolOf(pool).settings, poolOf(pool).schedules.problem),
      sweep: (pool, vmUIDs, signal) => sweepOrphans(poolOf(pool), { vmUIDs, graceMs: options.graceMs ?? GRACE_MS }, signal),
      release: async (pool, signal) => {
        await releaseShared(poolOf(pool), signal);
        pools.delete(pool.metadata.uid);
      },
    };
  };
  return { type: 'Azure', open };
};

const onlyLooking: Keep = async () => {
  throw new OperatorError('bug', 'the secret of this installation is not for who only looks');
};
