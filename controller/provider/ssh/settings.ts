// The hosts of an SSH pool, with what they leave to its sizes filled in, and what of them can be had.
import { poolSizes, type SizeName } from '../../api/sizes.ts';
import type { VMPool } from '../../api/types.generated.ts';
import type { Offering } from '../provider.ts';

export interface SSHHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly size: SizeName;
  readonly slots: number;
  readonly memoryMiB: number;
  /** Empty for a host that is just as its size says. */
  readonly sku: string;
}

/** One user on one host: what a lock lies on. */
export const accountOf = ({ user, address, port }: SSHHost): string => `${user}@${address}:${port}`;

export const SSH_REGION = 'ssh';
export const NOTHING_TO_PAY = '0';

/** Hosts of a size that the pool does not name are not used. */
export const hostsOf = ({ spec }: VMPool): readonly SSHHost[] => {
  const sizes = poolSizes(spec);
  return (spec.provider.ssh?.hosts ?? []).flatMap((host): SSHHost[] => {
    const size = sizes.find(({ name }) => name === (host.size ?? sizes[0]?.name));
    if (!size) return [];
    const { name, address, user, hostKey, port = 22, slots = size.slots, memoryMiB = size.memoryMiB } = host;
    const isNominal = slots === size.slots && memoryMiB === size.memoryMiB;
    const sku = isNominal ? '' : `${size.name}-${slots}x${Math.round((memoryMiB / 1024) * 10) / 10}GiB`;
    return [{ name, address, port, user, hostKey, size: size.name, slots, memoryMiB, sku }];
  });
};

/** Why a host of the pool that serves none of its VMs is not free either. */
export interface Trouble {
  readonly message: string;
}

/** One offering for all hosts that are alike, in the pool's order of sizes. */
export const offeringsOf = (pool: VMPool, taken: ReadonlySet<string>, troubles: ReadonlyMap<string, Trouble>): readonly Offering[] => {
  const hosts = hostsOf(pool);
  const order = pool.spec.sizes.map(({ name }) => name);
  return hosts
    .filter((host, at) => hosts.findIndex((other) => isAlike(host, other)) === at)
    .toSorted((a, b) => order.indexOf(a.size) - order.indexOf(b.size))
    .map((first) => {
      const alike = hosts.filter((other) => isAlike(first, other));
      return offeringOf(first, alike, taken, troubles);
    });
};

const isAlike = (a: SSHHost, b: SSHHost): boolean => a.size === b.size && a.sku === b.sku;

const offeringOf = (
  { size, sku, slots, memoryMiB }: SSHHost,
  alike: readonly SSHHost[],
  taken: ReadonlySet<string>,
  troubles: ReadonlyMap<string, Trouble>,
): Offering => {
  const room = alike.filter(({ name }) => !taken.has(name) && !troubles.has(name)).length;
  const trouble = alike.flatMap(({ name }) => troubles.get(name) ?? [])[0];
  const kind = { size, sku, slots, memoryMiB, room, region: SSH_REGION, hourlyUSD: NOTHING_TO_PAY };
  // Where all serve the pool already it is full; where one could, but is out of order, somebody has to mend that.
  return room > 0 || trouble === undefined
    ? { ...kind, available: true }
    : { ...kind, available: false, reason: 'ProviderNotReady', message: trouble.message };
};
