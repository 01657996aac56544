// Gathers all that a VM's decision needs; the only place of this reconciler that reads.
import { errorMessage } from '../../api/error.ts';
import type { ObjectKey } from '../../api/object.ts';
import type { VM, VMPool } from '../../api/types.generated.ts';
import type { View } from '../../api/view.ts';
import type { Machine } from '../../provider/provider.ts';
import type { Hosts } from '../../session/host.ts';
import type { Store } from '../../store/store.ts';
import { isFinished } from '../session/facts.ts';
import { belongsTo } from './facts.ts';
import type { VMObserved } from './model.ts';

export interface VMReads {
  readonly pools: View<'VMPool'>;
  readonly sessions: View<'Session'>;
  readonly vms: View<'VM'>;
  readonly hosts: Hosts;
  readonly store: Pick<Store, 'get'>;
  /** The keys that its machine will show, where the provider knows them beforehand. */
  hostKey(vm: VM, pool: VMPool): Promise<string | undefined>;
  /** The machine made for a VM object: one listing serves all VMs of a pool. */
  machine(vm: VM, pool: VMPool, signal: AbortSignal): Promise<Machine | undefined>;
}

export const createVMObserve =
  (reads: VMReads) =>
  async (key: ObjectKey, now: number, signal: AbortSignal): Promise<VMObserved | undefined> => {
    const vm = reads.vms.get(key);
    if (!vm) return undefined;
    const poolKey = { namespace: key.namespace, name: vm.spec.poolRef.name };
    // Without its pool its machine is left to itself: the store has to say that it is gone.
    const named = reads.pools.get(poolKey) ?? (await reads.store.get('VMPool', poolKey));
    const pool = named && belongsTo(vm, named) ? named : undefined;
    const found = pool && (await findMachine(reads, vm, pool, signal));
    // After the machine, which may take long: what was launched meanwhile counts on one that was lost.
    const host = reads.hosts.get(vm.metadata.uid)?.facts();
    const placed = reads.sessions.byIndex('vmUID', vm.metadata.uid);
    let lastSessionEnd = '';
    for (const { status } of placed)
      if (status?.completionTime && status.completionTime > lastSessionEnd) lastSessionEnd = status.completionTime;
    return {
      now,
      vm,
      ...(lastSessionEnd ? { lastSessionEnd } : {}),
      ...(pool ? { pool, ...found } : {}),
      ...(host ? { host } : {}),
      sessions: placed.filter((session) => !isFinished(session)),
      strayRuns: [...(host?.runs.values() ?? [])]
        .filter((run) => reads.sessions.get(run.session)?.metadata.uid !== run.uid)
        .map(({ uid, attempt, session, state }) => ({ uid, attempt, session, ended: state === 'ended' })),
    };
  };

const findMachine = async (
  reads: VMReads,
  vm: VM,
  pool: VMPool,
  signal: AbortSignal,
): Promise<Pick<VMObserved, 'machine' | 'hostKey' | 'providerProblem'>> => {
  try {
    const machine = await reads.machine(vm, pool, signal);
    if (machine) return { machine };
    const hostKey = vm.status?.hostKey === undefined ? await reads.hostKey(vm, pool) : undefined;
    return hostKey === undefined ? {} : { hostKey };
  } catch (error) {
    return { providerProblem: errorMessage(error) };
  }
};
