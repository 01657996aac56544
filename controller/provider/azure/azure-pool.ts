// All that is held for one pool while the controller runs: its settings, the way to Azure, what is known of its machines and of
// what Azure refused. Losing it costs a few requests and nothing else.
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import { poolSizes } from '../../api/sizes.ts';
import type { VMPool } from '../../api/types.generated.ts';
import { type Addresses, createAddresses } from './addresses.ts';
import { AzureFailure } from './azure-failure.ts';
import type { Candidate } from './candidates.ts';
import { type Asked, classifyError, type Verdict } from './classify-error.ts';
import type { Azure } from './clients.ts';
import { addBlock, type Blocks, blockOf, blocksOf } from './cool-downs.ts';
import { createKnownMachines, type KnownMachines } from './known-machines.ts';
import { createLister } from './listing.ts';
import type { MarketFacts } from './market-facts.ts';
import { poolTags, type Tags } from './names.ts';
import type { SharedNetwork } from './network.ts';
import { createSchedules } from './schedule.ts';
import { type AzureSettings, azureSettings } from './settings.ts';
import { builtInFacts, type SKUFacts } from './sku-facts.ts';
import type { Market } from './walk.ts';

export interface Installation {
  /** In the tags of everything that is ours. */
  readonly id: string;
  readonly secret: Uint8Array;
}

export interface AzurePoolOptions {
  readonly pool: VMPool;
  readonly clock: Clock;
  readonly azure: Azure;
  readonly facts: MarketFacts;
  readonly installation: () => Promise<Installation>;
  /** Address ranges that this controller is seen with from outside. */
  readonly sources: () => Promise<readonly string[]>;
}

export type AzurePool = ReturnType<typeof openAzurePool>;

export const openAzurePool = ({ pool: opened, clock, azure, facts, installation, sources }: AzurePoolOptions) => {
  let pool = opened;
  let settings: AzureSettings = azureSettings(opened);
  let blocks: Blocks = blocksOf(opened.status?.offerings, clock.now());
  let loginProblem: string | undefined;
  const inFlight: { readonly at: number; readonly region: string; readonly priority: Candidate['priority']; readonly facts: SKUFacts }[] =
    [];
  const networks = new Map<string, Promise<SharedNetwork>>();
  const learned = new Set<string>();
  const known: KnownMachines = createKnownMachines(clock);
  const schedules = createSchedules(clock);
  const addresses: Addresses = createAddresses(azure, clock);
  const lister = createLister({ azure, clock, resourceGroup: settings.resourceGroup });

  /** Of a call that was not about making a machine. */
  const explain = (error: unknown, region = settings.regions[0] ?? ''): unknown => {
    if (!(error instanceof AzureFailure)) {
      if (error instanceof OperatorError && error.reason === 'ProviderNotReady') loginProblem = error.message;
      return error;
    }
    const sku = '';
    const asked = { sku, region, zone: undefined, priority: settings.priority, name: settings.resourceGroup, facts: builtInFacts(sku) };
    const { errorCode, message, coolDownMs, decision } = classifyError(error.refusal, asked);
    if (decision === 'HaltProvider') loginProblem = message;
    // Whatever the table tries elsewhere: here there is nothing to do but to ask again.
    const code = errorCode === 'denied' ? 'denied' : 'unavailable';
    const patience = decision === 'RetryHere' && error.refusal.retryAfterMs !== undefined ? { retryAfterMs: coolDownMs } : {};
    return new OperatorError(code, message, { cause: error, ...patience });
  };
  return {
    clock,
    azure,
    facts,
    installation,
    sources,
    known,
    addresses,
    schedules,
    lister,
    explain,
    get settings() {
      return settings;
    },
    get pool() {
      return pool;
    },
    learn: (newer: VMPool): void => {
      if (newer.metadata.generation < pool.metadata.generation) return;
      if (newer.metadata.generation > pool.metadata.generation) {
        // What was corrected is not to wait for what was refused before.
        networks.clear();
        blocks = blocks.filter(({ reason }) => reason !== 'ProviderNotReady');
      }
      pool = newer;
      settings = azureSettings(newer);
    },
    poolTags: (id: string): Tags => poolTags(id, pool),
    market: (now: VMPool): Market => ({
      settings,
      ...wantedAndKnown(now, facts),
      inFlight: inFlight.filter(({ at, region }) => at >= facts.countedAt(region)),
      blocks,
      now: clock.now(),
    }),
    /** It is in no count of Azure's yet. */
    asked: ({ region, priority }: Candidate, skuFacts: SKUFacts): void => {
      const gone = inFlight.filter(({ at, region: its }) => at < facts.countedAt(its));
      for (const one of gone) inFlight.splice(inFlight.indexOf(one), 1);
      inFlight.push({ at: clock.monotonic(), region, priority, facts: skuFacts });
    },
    block: (verdict: Verdict, asked: Asked): void => {
      const block = blockOf(verdict, asked, clock.now());
      if (block) blocks = addBlock(blocks, block, clock.now());
    },
    /** Whether the failure of this machine was seen before. */
    isLearned: (vmID: string): boolean => {
      const before = learned.has(vmID);
      learned.add(vmID);
      return before;
    },
    /** Why nothing can be asked of Azure at all. */
    get problem(): string | undefined {
      const halted = blocks.find(({ scope, until }) => scope === 'provider' && until > clock.now());
      return halted?.message ?? loginProblem;
    },
    loggedIn: (): void => {
      loginProblem = undefined;
    },
    ...countFailures(),
    network: (region: string, ensure: () => Promise<SharedNetwork>): Promise<SharedNetwork> => {
      const made = networks.get(region) ?? ensure();
      networks.set(region, made);
      made.catch(() => networks.delete(region));
      return made;
    },
    knowsNetwork: (region: string): boolean => networks.has(region),
    /** It is gone: made anew before the next machine. */
    forgetNetworks: (): void => networks.clear(),
    machineID: async (name: string): Promise<string> => {
      const { subscriptionID } = await azure.call(async (clients) => clients);
      return `/subscriptions/${subscriptionID}/resourceGroups/${settings.resourceGroup}/providers/Microsoft.Compute/virtualMachines/${name}`;
    },
    regionOf: (vmUID: string): string | undefined => known.get(vmUID)?.location,
    /** Whatever can be known of a region before a machine is asked for there. Not knowing forbids nothing. */
    learnRegion: async (region: string, signal: AbortSignal): Promise<void> => {
      await facts.refresh(region, signal).then(
        () => {
          loginProblem = undefined;
        },
        (error: unknown) => {
          const explained = explain(error, region);
          if (explained instanceof OperatorError && explained.code === 'denied') throw explained;
        },
      );
    },
  };
};

const wantedAndKnown = ({ spec }: VMPool, { skus, usages, prices }: MarketFacts) => ({
  sizes: poolSizes(spec),
  hasBudget: spec.budget !== undefined,
  skus,
  usages,
  prices,
});

const countFailures = () => {
  const failures = new Map<string, { readonly code: string; readonly times: number }>();
  return {
    /** How often the same answer came before, in a row. */
    countFailure: (vmUID: string, code: string): number => {
      const before = failures.get(vmUID);
      const times = before?.code === code ? before.times : 0;
      failures.set(vmUID, { code, times: times + 1 });
      return times;
    },
    forgetFailures: (vmUID: string): void => void failures.delete(vmUID),
  };
};
