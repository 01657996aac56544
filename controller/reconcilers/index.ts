// The list of reconcilers: which kinds there are, and what each is made of.
import type { Clock } from '../api/clock.ts';
import type { Reconciler } from '../api/reconciler.ts';
import type { View } from '../api/view.ts';
import type { LogStore } from '../output/log-store.ts';
import type { Providers } from '../provider/providers.ts';
import type { Hosts } from '../session/host.ts';
import type { LearningStore } from './learning-store.ts';
import { createPoolAct } from './pool/act.ts';
import { decide as decidePool } from './pool/decide.ts';
import type { PoolAction, PoolObserved } from './pool/model.ts';
import { createPoolObserve } from './pool/observe.ts';
import { status as poolStatus } from './pool/status.ts';
import { createSessionAct } from './session/act.ts';
import { decide as decideSession } from './session/decide.ts';
import type { SessionAction, SessionObserved } from './session/model.ts';
import { createSessionObserve } from './session/observe.ts';
import { pendingStatus } from './session/pending.ts';
import { status as sessionStatus } from './session/status.ts';
import { createVMAct } from './vm/act.ts';
import { decide as decideVM } from './vm/decide.ts';
import { createMachines } from './vm/machines.ts';
import type { VMAction, VMObserved } from './vm/model.ts';
import { createVMObserve } from './vm/observe.ts';
import { status as vmStatus } from './vm/status.ts';

export interface Reads {
  readonly sessions: View<'Session'>;
  readonly vms: View<'VM'>;
  readonly pools: View<'VMPool'>;
  readonly store: LearningStore;
  readonly providers: Providers;
  readonly hosts: Hosts;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly outputIntervalMs: number;
  takeOutputTurn(): boolean;
}

export interface Reconcilers {
  readonly session: Reconciler<'Session', SessionObserved, SessionAction>;
  readonly vm: Reconciler<'VM', VMObserved, VMAction>;
  readonly pool: Reconciler<'VMPool', PoolObserved, PoolAction>;
}

export const createReconcilers = (reads: Reads): Reconcilers => {
  const { store, providers, hosts } = reads;
  const machines = createMachines(providers, reads.clock);
  return {
    session: {
      kind: 'Session',
      observe: createSessionObserve({ ...reads, takeOutputTurn: () => reads.takeOutputTurn() }),
      decide: decideSession,
      act: createSessionAct({ store, hosts, logs: reads.logs }),
      status: sessionStatus,
    },
    vm: {
      kind: 'VM',
      observe: createVMObserve({
        ...reads,
        machine: machines.find,
        hostKey: async (vm, pool) => providers.of(pool).hostKey?.(vm),
      }),
      decide: decideVM,
      act: createVMAct({ store, providers, hosts, forgetMachines: machines.forget }),
      status: vmStatus,
    },
    pool: {
      kind: 'VMPool',
      observe: createPoolObserve({ ...reads, secret: store.secret, settle: store.settle }),
      decide: decidePool,
      act: createPoolAct({ store, providers, spellOut: pendingStatus }),
      status: poolStatus,
    },
  };
};
