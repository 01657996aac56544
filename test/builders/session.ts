// Sessions in the states they go through.
import type { ObjectMeta } from '../../controller/api/object.ts';
import type { Session, SessionSpec, SessionStatus, VM } from '../../controller/api/types.generated.ts';
import { condition } from './condition.ts';
import { metadata } from './metadata.ts';
import { ago } from './time.ts';

export interface SessionOverrides {
  readonly meta?: Partial<ObjectMeta>;
  readonly spec?: Partial<SessionSpec>;
  readonly status?: SessionStatus;
}

/** Never looked at. */
export const session = (name: string, { meta, spec, status }: SessionOverrides = {}): Session => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata: metadata(name, meta),
  spec: { prompt: 'work', memoryMiB: 16_384, ...spec },
  ...(status ? { status } : {}),
});

type Started = 'no' | 'launching' | 'yes' | 'lost';

const STARTED = {
  no: condition('Started', 'False', 'VMBooting'),
  launching: condition('Started', 'Unknown', 'Launching'),
  yes: condition('Started', 'True', 'Started'),
  lost: condition('Started', 'False', 'VMLost'),
} as const;

/** Placed on this VM by the pool. */
export const placed = (name: string, on: VM, started: Started = 'no', { meta, spec, status }: SessionOverrides = {}): Session =>
  session(name, {
    ...(meta ? { meta } : {}),
    ...(spec ? { spec } : {}),
    status: {
      observedGeneration: 1,
      phase: started === 'yes' ? 'Running' : 'Pending',
      vm: { name: on.metadata.name, uid: on.metadata.uid },
      attempt: 1,
      ...(started === 'yes' || started === 'lost' ? { startTime: ago(30) } : {}),
      ...status,
      conditions: [condition('Placed', 'True', 'Placed'), STARTED[started], ...(status?.conditions ?? [])],
    },
  });

export const finished = (name: string, on: VM, phase: 'Completed' | 'Failed' | 'Killed', overrides: SessionOverrides = {}): Session =>
  placed(name, on, 'yes', {
    ...overrides,
    status: {
      phase,
      completionTime: ago(10),
      ...overrides.status,
      conditions: [condition('Finished', 'True', phase), ...(overrides.status?.conditions ?? [])],
    },
  });
