// VMs of a pool in the states they go through.
import type { ObjectMeta } from '../../controller/api/object.ts';
import type { VM, VMSpec, VMStatus } from '../../controller/api/types.generated.ts';
import { condition } from './condition.ts';
import { metadata } from './metadata.ts';
import { ago } from './time.ts';

export interface VMOverrides {
  readonly meta?: Partial<ObjectMeta>;
  readonly spec?: Partial<VMSpec>;
  readonly status?: VMStatus;
}

const SLOTS = { s: 1, m: 2, l: 4, xl: 8 } as const;

/** Just made by the pool named default, and not looked at. */
export const newVM = (name: string, { meta, spec, status }: VMOverrides = {}): VM => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VM',
  metadata: metadata(name, {
    ownerReferences: [{ apiVersion: 'berth.dev/v1alpha1', kind: 'VMPool', name: 'default', uid: 'default', controller: true }],
    ...meta,
  }),
  spec: { poolRef: { name: 'default' }, size: 'l', slots: SLOTS[spec?.size ?? 'l'], cordoned: false, ...spec },
  ...(status ? { status } : {}),
});

const seen = (name: string, { meta, spec, status }: VMOverrides, known: VMStatus): VM =>
  newVM(name, {
    ...(meta ? { meta } : {}),
    ...(spec ? { spec } : {}),
    status: {
      observedGeneration: 1,
      slots: spec?.slots ?? SLOTS[spec?.size ?? 'l'],
      memoryMiB: 131_072,
      hourlyUSD: '1',
      ...known,
      ...status,
      conditions: [
        ...(known.conditions ?? []).filter(({ type }) => !status?.conditions?.some((other) => other.type === type)),
        ...(status?.conditions ?? []),
      ],
    },
  });

const made = { providerID: 'machine', region: 'local', createdTime: ago(60) };
const NOT_DRAINING = condition('Draining', 'False', 'InUse');

/** Reached, and idle since it was. */
export const readyVM = (name: string, overrides: VMOverrides = {}): VM =>
  seen(name, overrides, {
    ...made,
    phase: 'Ready',
    idleSince: ago(30),
    conditions: [condition('Ready', 'True', 'Reachable'), condition('Booted', 'True', 'Reached'), NOT_DRAINING],
  });

export const bootingVM = (name: string, overrides: VMOverrides = {}): VM =>
  seen(name, overrides, {
    ...made,
    phase: 'Booting',
    conditions: [condition('Ready', 'False', 'Booting'), condition('Booted', 'False', 'Booting'), NOT_DRAINING],
  });

export const unreachableVM = (name: string, seconds = 60, overrides: VMOverrides = {}): VM =>
  readyVM(name, {
    ...overrides,
    status: { ...overrides.status, conditions: [condition('Ready', 'Unknown', 'VMUnreachable', { lastTransitionTime: ago(seconds) })] },
  });

export const drainingVM = (name: string, overrides: VMOverrides = {}): VM =>
  readyVM(name, {
    ...overrides,
    status: { ...overrides.status, phase: 'Draining', conditions: [condition('Draining', 'True', 'Draining')] },
  });

/** Never became ready. */
export const failedVM = (name: string, failedSecondsAgo = 0, overrides: VMOverrides = {}): VM =>
  bootingVM(name, {
    ...overrides,
    meta: { creationTimestamp: ago(failedSecondsAgo + 900), ...overrides.meta },
    status: {
      ...overrides.status,
      phase: 'Failed',
      conditions: [condition('Failed', 'True', 'BootTimeout', { lastTransitionTime: ago(failedSecondsAgo), message: 'it never booted' })],
    },
  });
