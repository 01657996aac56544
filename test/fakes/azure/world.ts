// Everything the fake knows, as plain data: what can be written to a file and read again is all there is.
import { randomUUID } from 'node:crypto';
import type { ChaosProfile } from './chaos.ts';
import type { ClockState } from './clock.ts';
import type { FaultState } from './faults.ts';
import type { JSONObject } from './json.ts';
import type { Operation } from './operations.ts';
import type { Price } from './prices.ts';
import type { Timer } from './timers.ts';

/** How long things take, in milliseconds before `speed` divides them. */
export const DURATIONS = {
  allocate: 3_000,
  boot: 12_000,
  agent: 8_000,
  osTimeout: 40 * 60_000,
  stop: 5_000,
  start: 12_000,
  deallocate: 15_000,
  delete: 10_000,
  forceDelete: 3_000,
  child: 2_000,
  update: 1_000,
  network: 1_000,
  runCommand: 5_000,
  deleteGroup: 10_000,
  /** Lists know of a resource so long after it was made. */
  listLag: 0,
};
export type Durations = typeof DURATIONS;

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly unknown[];
}

export type Power = 'none' | 'starting' | 'running' | 'stopping' | 'stopped' | 'deallocating' | 'deallocated';

/** What a virtual machine is beyond its resource. */
export interface Machine {
  readonly vmId: string;
  size: string;
  readonly spot: boolean;
  readonly zone?: string;
  power: Power;
  /** Set while allocated: billing and quota count from it. */
  allocated: boolean;
  /** Its cores count against the quota. */
  counted: boolean;
  agentReady: boolean;
  /** Of the operation last asked for; it may be over. */
  operation: string;
  failure?: Failure;
  readonly osProfile: JSONObject;
  readonly children: { readonly id: string; readonly delete: boolean }[];
  /** Guest-side faults asked for. */
  readonly guest: { sshRefused?: boolean; cloudInitFails?: string; bootFails?: boolean };
  /** A notice of eviction that the guest can read, and when it comes true. */
  eviction?: { readonly id: string; readonly at: number };
  readonly serialLog: string[];
  /** When it was, ms of told time, and how far that was ahead of this system's then; moves with what was made older since. */
  booted?: number;
  ahead?: number;
}

export interface Resource {
  /** With the casing it was made with. */
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly subscription: string;
  readonly group: string;
  readonly location: string;
  tags: Record<string, string>;
  /** Members beside properties: sku, zones, identity… */
  top: JSONObject;
  properties: JSONObject;
  etag: number;
  readonly created: number;
  changed: number;
  readonly visibleFrom: number;
  machine?: Machine;
  /** Of a NIC after a failed creation. */
  reserved?: { readonly vm: string; readonly until: number };
}

export interface Bill {
  readonly vm: string;
  readonly vmId: string;
  readonly size: string;
  readonly region: string;
  readonly usdPerHour: number;
  readonly from: number;
  to?: number;
}

export interface World {
  readonly subscriptions: string[];
  readonly clock: ClockState;
  speed: number;
  durations: Durations;
  pageSize: number;
  /** Sent with the first answer of a long operation, and with each look at it; seconds. */
  retryAfter: { initial?: number; poll?: number };
  operationTTL: number;
  /** By folded id. */
  readonly resources: Map<string, Resource>;
  readonly operations: Map<string, Operation>;
  readonly timers: Timer[];
  readonly bills: Bill[];
  /** Told over the control API; the last of a size in a region holds. */
  readonly prices: Price[];
  /** Each token, and when it ends by the real clock. */
  readonly tokens: Map<string, { readonly until: number; readonly principal: string }>;
  /** Of the loopback addresses given out; the first two numbers are this fake's own. */
  readonly addresses: { readonly prefix: string; next: number };
  readonly faults: FaultState;
  throttling: boolean;
  chaos?: { readonly profile: ChaosProfile; readonly until: number };
  readonly buckets: Map<string, { tokens: number; at: number }>;
  serial: number;
}

export const createWorld = (subscriptions: readonly string[], speed: number): World => ({
  subscriptions: [...subscriptions],
  clock: { real: Date.now(), told: Date.now(), rate: 1 },
  speed,
  durations: { ...DURATIONS },
  pageSize: 100,
  retryAfter: {},
  operationTTL: 6 * 3600_000,
  resources: new Map(),
  operations: new Map(),
  timers: [],
  bills: [],
  prices: [],
  tokens: new Map(),
  addresses: { prefix: `127.${number(20, 250)}.${number(1, 250)}`, next: 0 },
  faults: {
    rules: [],
    capacity: [],
    quotas: [],
    restrictions: [],
    traps: [],
    denied: [],
    entra: undefined,
    disabled: [],
    unregistered: [],
    seed: 1,
  },
  throttling: false,
  buckets: new Map(),
  serial: 0,
});

const number = (from: number, to: number): number => from + (Number.parseInt(randomUUID().slice(0, 8), 16) % (to - from + 1));

const MAPS = ['resources', 'operations', 'tokens', 'buckets'] as const;

export const writeWorld = (world: World): string =>
  JSON.stringify(world, (name, value: unknown) => (value instanceof Map && MAPS.some((map) => map === name) ? [...value] : value));

export const readWorld = (json: string): World =>
  JSON.parse(json, (name, value: unknown) => (Array.isArray(value) && MAPS.some((map) => map === name) ? new Map(value) : value));
