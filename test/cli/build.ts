// Sessions, VMs and pools for the tests of the command line: a name and what matters, the rest filled in.
import type { Condition } from '../../controller/api/condition.ts';
import type { Session, SessionSpec, SessionStatus, VM, VMPool, VMSpec, VMStatus } from '../../controller/api/types.generated.ts';

export const NOW = Date.parse('2025-12-02T08:32:45Z');

const metadata = (name: string, created: string) => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: created,
});

export const condition = (type: string, status: Condition['status'] = 'True', reason = 'Test', message = ''): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2025-12-02T08:31:00Z',
});

export interface SessionParts {
  readonly created?: string;
  readonly vm?: string;
  readonly phase?: NonNullable<SessionStatus['phase']>;
  readonly spec?: SessionSpec;
  readonly status?: SessionStatus;
}

const CONDITIONS: Readonly<Record<NonNullable<SessionStatus['phase']>, readonly string[]>> = {
  Pending: [],
  Running: ['Placed', 'Started'],
  Completed: ['Placed', 'Started', 'Finished'],
  Failed: ['Placed', 'Started', 'Finished'],
  Killed: ['Placed', 'Started', 'Finished'],
};

export const session = (
  name: string,
  { created = '2025-12-02T08:30:22Z', vm, phase = 'Running', spec = {}, status = {} }: SessionParts = {},
): Session => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata: metadata(name, created),
  spec: { prompt: 'create a simple hello world Python script', ...spec },
  status: {
    observedGeneration: 1,
    phase,
    ...(vm === undefined ? {} : { vm: { name: vm, uid: `uid-${vm}` } }),
    ...(phase === 'Pending' ? {} : { startTime: '2025-12-02T08:30:30Z' }),
    conditions: CONDITIONS[phase].map((type) => condition(type)),
    ...status,
  },
});

export const vm = (
  name: string,
  { created = '2025-12-02T08:22:45Z', spec = {}, status = {} }: { created?: string; spec?: Partial<VMSpec>; status?: VMStatus } = {},
): VM => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VM',
  metadata: metadata(name, created),
  spec: { poolRef: { name: 'default' }, size: 'l', slots: 4, ...spec },
  status: { phase: 'Ready', region: 'westus3', memoryMiB: 131_072, ...status },
});

export const pool = (name: string, type: 'Local' | 'Azure' = 'Local'): VMPool => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VMPool',
  metadata: metadata(name, '2025-12-02T08:00:00Z'),
  spec: { provider: { type }, sizes: [{ name: 'l' }] },
});
