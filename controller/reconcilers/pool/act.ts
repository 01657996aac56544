// Makes one change of a pool's decision.

import { OperatorError } from '../../api/error.ts';
import { API_VERSION, FINALIZER, isAbandoned, type Kinds } from '../../api/object.ts';
import type { Session, SessionStatus, VM, VMPool } from '../../api/types.generated.ts';
import type { Providers } from '../../provider/providers.ts';
import type { Store } from '../../store/store.ts';
import { addFinalizer, preconditionOf, removeFinalizer } from '../ownership.ts';
import { belongsTo } from '../vm/facts.ts';
import type { NewVM, PoolAction, PoolObserved } from './model.ts';
import { drainingStatus, placedStatus, waitingStatus } from './patches.ts';

/** Says along what the session's own key would say next. */
export type SpellOut = (session: Session, status: SessionStatus, now: number, vm?: VM) => SessionStatus;

export interface PoolEffects {
  readonly store: Store;
  readonly providers: Providers;
  readonly spellOut: SpellOut;
}

export const createPoolAct =
  ({ store, providers, spellOut }: PoolEffects) =>
  async (action: PoolAction, observed: PoolObserved, signal: AbortSignal): Promise<Kinds['VMPool'] | undefined> => {
    const { now } = observed;
    switch (action.do) {
      case 'hold':
        return addFinalizer(store, 'VMPool', owner(observed));
      case 'release':
        await assertEmpty(store, owner(observed));
        await removeShared(providers, owner(observed), signal);
        await removeFinalizer(store, 'VMPool', owner(observed));
        return undefined;
      case 'createVM':
        await createVM(store, owner(observed), action.name, action.vm);
        return undefined;
      case 'placeSession': {
        const { session, vm, attempt, launching } = action;
        const status = spellOut(session, placedStatus(session, vm, attempt, launching, now), now, vm);
        await store.patchStatus('Session', preconditionOf(session), status);
        return undefined;
      }
      case 'explainWait': {
        const status = spellOut(action.session, waitingStatus(action.session, action.wait, now), now);
        await store.patchStatus('Session', preconditionOf(action.session), status);
        return undefined;
      }
      case 'drainVM':
        await store.patchStatus('VM', preconditionOf(action.vm), drainingStatus(action.vm, action.because, now));
        return undefined;
    }
  };

const owner = ({ pool, key }: PoolObserved): VMPool => {
  if (!pool) throw new OperatorError('bug', `an action on pool ${key.name}, which does not exist`);
  return pool;
};

/** What the cache may have missed, an uncached read does not: a VM's machine needs what all of the pool share. */
const assertEmpty = async (store: Store, pool: VMPool): Promise<void> => {
  if (isAbandoned(pool)) return;
  const left = (await store.list('VM')).find((vm) => belongsTo(vm, pool));
  if (left) throw new OperatorError('conflict', `pool ${pool.metadata.name} is not released: it still has VM ${left.metadata.name}`);
};

/** Nothing where its machines stay, or where it was abandoned. */
const removeShared = async (providers: Providers, pool: VMPool, signal: AbortSignal): Promise<void> => {
  if (pool.spec.deletionPolicy === 'Retain' || isAbandoned(pool)) return;
  await providers.of(pool).release?.(pool, signal);
};

/** Born with its finalizer: there is no moment in which a machine could exist for an object that may vanish. */
const createVM = async (store: Store, pool: VMPool, name: string, vm: NewVM): Promise<void> => {
  const { metadata } = pool;
  await store.create('VM', {
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { 'berth.dev/pool': metadata.name },
      finalizers: [FINALIZER],
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'VMPool', name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      poolRef: { name: metadata.name },
      size: vm.size,
      slots: vm.slots,
      cordoned: false,
      ...(vm.region === undefined ? {} : { region: vm.region }),
    },
  });
};
