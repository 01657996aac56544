// Makes one change of a VM's decision.
import { OperatorError } from '../../api/error.ts';
import { type Kinds, keyOf } from '../../api/object.ts';
import type { VM } from '../../api/types.generated.ts';
import type { Providers } from '../../provider/providers.ts';
import type { Hosts } from '../../session/host.ts';
import type { Store } from '../../store/store.ts';
import { removeFinalizer } from '../ownership.ts';
import { isFinished } from '../session/facts.ts';
import type { Stray, VMAction, VMObserved } from './model.ts';
import { stateOf } from './state.ts';

export interface VMEffects {
  readonly store: Store;
  readonly providers: Providers;
  readonly hosts: Hosts;
  /** A listing from before this change is not to be believed any more. */
  forgetMachines(poolUID: string): void;
}

export const createVMAct =
  (effects: VMEffects) =>
  async (action: VMAction, observed: VMObserved, signal: AbortSignal): Promise<Kinds['VM'] | undefined> => {
    const { vm } = observed;
    const { store, hosts } = effects;
    switch (action.do) {
      case 'createMachine':
      case 'startMachine':
      case 'deleteMachine':
        await changeMachine(action.do, effects, observed, signal);
        return undefined;
      case 'connect':
        connect(effects, observed);
        return undefined;
      case 'disconnect':
        hosts.close(vm.metadata.uid);
        return undefined;
      case 'deleteVM':
        await deleteIfEmpty(store, observed);
        return undefined;
      case 'release':
        hosts.close(vm.metadata.uid);
        await removeFinalizer(store, 'VM', vm);
        return undefined;
      case 'stopStray':
        await assertStray(store, action.run);
        await hosts.get(vm.metadata.uid)?.stop(action.run, 'Graceful', signal);
        return undefined;
      case 'cleanStray':
        await assertStray(store, action.run);
        await hosts.get(vm.metadata.uid)?.clean(action.run, signal);
        return undefined;
    }
  };

const changeMachine = async (
  change: 'createMachine' | 'startMachine' | 'deleteMachine',
  { store, providers, hosts, forgetMachines }: VMEffects,
  observed: VMObserved,
  signal: AbortSignal,
): Promise<void> => {
  const { vm, pool, machine } = observed;
  if (!pool) throw new OperatorError('bug', `${change} for VM ${vm.metadata.name}, whose pool is gone`);
  // Fencing is the one exception, also of a VM whose deletion was asked for: nobody can reach what runs on it.
  if (change === 'deleteMachine' && stateOf(observed).is === 'deleting') await assertEmpty(store, vm);
  const provider = providers.of(pool);
  try {
    if (change === 'createMachine') await provider.create(vm, pool, signal);
    else if (machine) {
      hosts.close(vm.metadata.uid);
      if (change === 'startMachine') await provider.start?.(machine, signal);
      else await provider.delete(machine, signal);
    }
  } finally {
    forgetMachines(pool.metadata.uid);
  }
};

const connect = ({ providers, hosts }: VMEffects, { vm, pool, machine }: VMObserved): void => {
  if (!pool || !machine) throw new OperatorError('bug', `connecting VM ${vm.metadata.name}, which has no machine`);
  // What was recorded of its keys holds across restarts of ours, also that one of them is not shown any more.
  const hostKey = vm.status?.hostKey ?? machine.hostKey;
  const known = hostKey === undefined ? machine : { ...machine, hostKey };
  hosts.open(vm.metadata.uid, known, (running) => providers.of(pool).connect(running));
};

/** A cache that is behind has not heard of the newest sessions: no run is touched for that. */
const assertStray = async (store: Store, { uid, session }: Stray): Promise<void> => {
  const found = await store.get('Session', session);
  if (found?.metadata.uid === uid) throw new OperatorError('conflict', `run ${uid} is no stray: it belongs to session ${session.name}`);
};

const deleteIfEmpty = async (store: Store, { vm }: VMObserved): Promise<void> => {
  await assertEmpty(store, vm);
  await store.delete('VM', { ...keyOf(vm), uid: vm.metadata.uid });
};

/** The second lock on a machine's door (SPEC 2.3): what the cache may have missed, an uncached read does not. */
const assertEmpty = async (store: Store, { metadata: { uid, name } }: VM): Promise<void> => {
  const sessions = await store.list('Session');
  const busy = sessions.find((session) => session.status?.vm?.uid === uid && !isFinished(session));
  if (busy) throw new OperatorError('conflict', `VM ${name} is not deleted: session ${busy.metadata.name} is on it`);
};
