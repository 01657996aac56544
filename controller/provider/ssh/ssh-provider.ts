// Machines that exist already: a fixed list of hosts, reached by SSH, that VM objects lease. A lease is a file of ours and a
// lock on the host; the lock is taken over the connection that the VM's sessions use, before anything else is done there.
import type { Clock } from '../../api/clock.ts';
import { errorMessage, errorReason, OperatorError } from '../../api/error.ts';
import type { VM, VMPool } from '../../api/types.generated.ts';
import type { Shell } from '../../shell/shell.ts';
import { sshShell } from '../../shell/ssh.ts';
import type { ReadSecret } from '../credentials.ts';
import type { Machine, Provider, ProviderModule } from '../provider.ts';
import { hostCredentials } from './credentials.ts';
import { freeHost, HOST_IN_USE, type Owner, takeHost } from './host-lock.ts';
import { type Lease, type LeaseID, openLeases } from './leases.ts';
import { createReleases } from './releases.ts';
import { accountOf, hostsOf, NOTHING_TO_PAY, offeringsOf, SSH_REGION, type SSHHost, type Trouble } from './settings.ts';

export interface SSHProviderOptions {
  /** Holds a folder per pool and, in it, a file per leased host. */
  readonly root: string;
  /** Of this machine, for whoever finds a host taken. */
  readonly controller: string;
  readonly clock: Clock;
  readonly secret: ReadSecret;
  /** Whether hosts are brought back into their pools; false where somebody only looks. */
  readonly releases: boolean;
  /** Ends everything that runs on the VM, at once. */
  readonly stopAll: (shell: Shell) => Promise<void>;
}

/** A host that another pool holds is tried again after this long. */
const IN_USE_MS = 600_000;

export const sshProvider = (options: SSHProviderOptions): ProviderModule => {
  const { root, clock } = options;
  const leases = openLeases(root);
  /** The newest settings of each pool: connections outlive the pass that opened them. */
  const pools = new Map<string, VMPool>();
  const troubles = new Map<string, Trouble & { readonly until: number }>();
  /** Hosts that were never reached; others come first. */
  const unreached = new Set<string>();

  const learn = (pool: VMPool): void => {
    const known = pools.get(pool.metadata.uid);
    if (!known || known.metadata.generation <= pool.metadata.generation) pools.set(pool.metadata.uid, pool);
  };
  const poolOf = (uid: string): VMPool => {
    const pool = pools.get(uid);
    if (!pool) throw new OperatorError('bug', `SSH pool ${uid} was never opened`);
    return pool;
  };
  const ownerOf = ({ metadata: { uid, namespace, name } }: VMPool): Owner => ({
    poolUID: uid,
    pool: `${namespace}/${name}`,
    controller: options.controller,
  });

  /** To the host as the pool names it now: its key may have been changed there, and here. */
  const reach = (id: LeaseID): Shell =>
    sshShell(async () => {
      const lease = leases.get(id);
      if (!lease) throw new OperatorError('unavailable', `host ${id.host} does not serve this VM any more`);
      const pool = poolOf(id.poolUID);
      const host = hostNow(pool, lease);
      const credentials = await hostCredentials(root, pool, options.secret, lease.touched === true);
      return { host: host.address, port: host.port, user: host.user, hostKeys: [host.hostKey], ...credentials };
    });
  const take = async (id: LeaseID, shell: Shell): Promise<void> => {
    // Refused here, nothing was done there: the lease can simply be dropped.
    await shell.run(['true']);
    if (!leases.get(id)?.touched) leases.change(id, { touched: true });
    try {
      await takeHost(shell, id.host, ownerOf(poolOf(id.poolUID)));
    } catch (error) {
      if (errorReason(error) === HOST_IN_USE) leases.change(id, { inUse: errorMessage(error) });
      throw error;
    }
  };
  const cleanUp = async (id: LeaseID): Promise<void> => {
    const shell = reach(id);
    try {
      await options.stopAll(atHome(shell, id, async () => undefined));
      await freeHost(shell, id.host, ownerOf(poolOf(id.poolUID)), homeOf(id));
    } finally {
      shell.close();
    }
  };
  const releases = createReleases({
    leases,
    clock,
    release: async (id, { host, inUse: message, touched }) => {
      if (message !== undefined) troubles.set(accountOf(host), { message, until: clock.now() + IN_USE_MS });
      else if (touched) await cleanUp(id);
      else unreached.add(accountOf(host));
    },
  });
  const troublesOf = (pool: VMPool, all: readonly Lease[]): ReadonlyMap<string, Trouble> => {
    const known = hostsOf(pool).flatMap((host): [string, Trouble][] => {
      const trouble = troubles.get(accountOf(host));
      return trouble && trouble.until > clock.now() ? [[host.name, trouble]] : [];
    });
    const lost = all.filter((lease) => lease.release === 'lost' || lease.inUse !== undefined);
    return new Map([
      ...known,
      ...lost.map(({ host, inUse: message }): [string, Trouble] => [host.name, { message: message ?? lostHost(host) }]),
    ]);
  };
  const lease = (vm: VM, pool: VMPool): void => {
    const { uid } = pool.metadata;
    const all = leases.list(uid);
    if (all.some(({ vmUID }) => vmUID === vm.metadata.uid)) return;
    const inTrouble = troublesOf(pool, all);
    const fitting = hostsOf(pool).filter(
      ({ size, slots, name }) => size === vm.spec.size && slots === vm.spec.slots && !inTrouble.has(name),
    );
    const inOrder = fitting.toSorted((a, b) => Number(unreached.has(accountOf(a))) - Number(unreached.has(accountOf(b))));
    const createdTime = new Date(clock.now()).toISOString();
    if (inOrder.some((host) => leases.add(uid, { host, vmUID: vm.metadata.uid, createdTime }))) return;
    throw new OperatorError('quota', `no host of size ${vm.spec.size} with ${vm.spec.slots} slots is free in pool ${pool.metadata.name}`);
  };

  const open = (opened: VMPool): Provider => {
    const poolUID = opened.metadata.uid;
    learn(opened);
    return {
      list: async (pool) => {
        learn(pool);
        const all = leases.list(poolUID);
        if (options.releases) releases.goOn(poolUID, all);
        return all.flatMap((one) => (one.release === 'lost' ? [] : [machineOf(one, hostNow(pool, one))]));
      },
      create: async (vm, pool) => lease(vm, pool),
      delete: async ({ id: host, vmUID }) => {
        const id = { poolUID, host, vmUID };
        if (leases.get(id)?.release === undefined) leases.change(id, { release: 'asked' });
        releases.goOn(poolUID, leases.list(poolUID));
      },
      connect: ({ id: host, vmUID }) => {
        const id = { poolUID, host, vmUID };
        const shell = reach(id);
        return atHome(shell, id, () => take(id, shell));
      },
      offerings: (pool) => {
        learn(pool);
        const all = leases.list(poolUID);
        if (options.releases) releases.goOn(poolUID, all);
        return offeringsOf(pool, new Set(all.map(({ host }) => host.name)), troublesOf(pool, all));
      },
    };
  };
  return { type: 'SSH', open };
};

/** As the pool names it now, if it still does: its key may have been corrected since. */
const hostNow = (pool: VMPool, { host }: Lease): SSHHost =>
  hostsOf(pool).find((known) => known.name === host.name && accountOf(known) === accountOf(host)) ?? host;

const machineOf = ({ vmUID, createdTime, inUse: message, release }: Lease, host: SSHHost): Machine => ({
  id: host.name,
  vmUID,
  createdTime,
  state: release ? 'deleting' : message === undefined ? 'running' : 'failed',
  ...(message === undefined ? {} : { message, reason: HOST_IN_USE }),
  address: host.address,
  hostKey: host.hostKey,
  sku: host.sku,
  memoryMiB: host.memoryMiB,
  region: SSH_REGION,
  hourlyUSD: NOTHING_TO_PAY,
});

/** A place of its own for each VM object: what an earlier one left behind refuses to start anything. */
const homeOf = ({ vmUID }: LeaseID): string => `~/.berth/vm-${vmUID}`;

const atHome = (shell: Shell, id: LeaseID, prepare: () => Promise<void>): Shell => {
  let prepared: Promise<void> | undefined;
  const ready = async (): Promise<void> => {
    prepared ??= prepare();
    try {
      await prepared;
    } catch (error) {
      prepared = undefined;
      throw error;
    }
  };
  const there = (argv: readonly string[]) => ['env', `BERTH_HOME=${homeOf(id)}`, ...argv];
  return {
    run: async (argv, options) => {
      await ready();
      return shell.run(there(argv), options);
    },
    open: async (argv, signal) => {
      await ready();
      return shell.open(there(argv), signal);
    },
    interact: async (argv, terminal) => {
      await ready();
      return shell.interact(there(argv), terminal);
    },
    close: () => shell.close(),
  };
};

const lostHost = (host: SSHHost): string =>
  `host ${host.name} (${accountOf(host)}) is out of reach, and is cleaned up before it serves again`;
