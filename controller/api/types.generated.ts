// Generated from crds/*.yaml by `npm run generate`. Do not edit.
import type { Condition } from './condition.ts';
import type { ObjectMeta } from './object.ts';

export interface Session {
  readonly apiVersion: 'berth.dev/v1alpha1';
  readonly kind: 'Session';
  readonly metadata: ObjectMeta;
  readonly spec: SessionSpec;
  readonly status?: SessionStatus;
}
export interface SessionSpec {
  readonly prompt?: string;
  readonly agent?: 'amplihack' | 'claude' | 'codex' | 'copilot';
  readonly mode?: 'auto' | 'ultrathink' | 'analyze' | 'fix';
  readonly maxTurns?: number;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly secretRef?: { readonly name: string; readonly key: string } }[];
  readonly source?: {
    readonly git?: { readonly url: string; readonly ref?: string; readonly secretRef?: { readonly name: string } };
    readonly bundle?: { readonly sha256: string; readonly sizeBytes: number; readonly remotes?: readonly { readonly name: string; readonly url: string }[] };
  };
  readonly poolRef?: { readonly name: string };
  readonly size?: 's' | 'm' | 'l' | 'xl';
  readonly region?: string;
  readonly priority?: number;
  readonly memoryMiB?: number;
  readonly activeDeadlineSeconds?: number;
  readonly retryLimit?: number;
  readonly maxOutputMiB?: number;
  readonly ttlSecondsAfterFinished?: number;
  readonly shutdown?: 'Graceful' | 'Immediate';
  readonly input?: readonly { readonly id: string; readonly text: string }[];
}
export interface SessionStatus {
  readonly observedGeneration?: number;
  readonly phase?: 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Killed';
  readonly summary?: string;
  readonly vm?: { readonly name: string; readonly uid: string };
  readonly attempt?: number;
  readonly launch?: { readonly agent: string; readonly mode: string; readonly maxTurns: number };
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly shutdown?: { readonly mode: 'Graceful' | 'Immediate'; readonly requestedTime: string };
  readonly output?: { readonly bytes: number; readonly lines: number; readonly truncated: boolean; readonly updatedTime: string; readonly tail?: string };
  readonly results?: { readonly pullRequestURL?: string; readonly branch?: string; readonly commit?: string };
  readonly waiting?: { readonly since: string; readonly question?: string };
  readonly input?: { readonly deliveredIDs: readonly string[] };
  readonly cost?: { readonly vmUSD: string };
  readonly conditions?: readonly Condition[];
}

export interface VMPool {
  readonly apiVersion: 'berth.dev/v1alpha1';
  readonly kind: 'VMPool';
  readonly metadata: ObjectMeta;
  readonly spec: VMPoolSpec;
  readonly status?: VMPoolStatus;
}
export interface VMPoolSpec {
  readonly provider: {
    readonly type: 'Local' | 'SSH' | 'Azure';
    readonly local?: { readonly bootSeconds?: number };
    readonly ssh?: Readonly<Record<string, unknown>>;
    readonly azure?: Readonly<Record<string, unknown>>;
  };
  readonly sizes: readonly { readonly name: 's' | 'm' | 'l' | 'xl'; readonly skus?: readonly string[]; readonly slots?: number; readonly memoryMiB?: number }[];
  readonly minVMs?: number;
  readonly maxVMs?: number;
  readonly warmSlots?: number;
  readonly prime?: { readonly slots: number; readonly size?: 's' | 'm' | 'l' | 'xl'; readonly region?: string; readonly untilTime: string };
  readonly idleTimeoutSeconds?: number;
  readonly maxAgeSeconds?: number;
  readonly bootTimeoutSeconds?: number;
  readonly unreachableTimeoutSeconds?: number;
  readonly budget?: { readonly maxHourlyUSD: string };
  readonly paused?: boolean;
  readonly deletionPolicy?: 'Delete' | 'Retain';
}
export interface VMPoolStatus {
  readonly observedGeneration?: number;
  readonly vms?: number;
  readonly readyVMs?: number;
  readonly selector?: string;
  readonly slots?: { readonly total: number; readonly used: number; readonly free: number };
  readonly sessions?: { readonly pending: number; readonly running: number };
  readonly hourlyUSD?: string;
  readonly idleUSD?: string;
  readonly offerings?: readonly { readonly sku: string; readonly region: string; readonly available: boolean; readonly reason?: string; readonly retryTime?: string }[];
  readonly conditions?: readonly Condition[];
}

export interface VM {
  readonly apiVersion: 'berth.dev/v1alpha1';
  readonly kind: 'VM';
  readonly metadata: ObjectMeta;
  readonly spec: VMSpec;
  readonly status?: VMStatus;
}
export interface VMSpec {
  readonly poolRef: { readonly name: string };
  readonly size: 's' | 'm' | 'l' | 'xl';
  readonly slots: number;
  readonly region?: string;
  readonly cordoned?: boolean;
}
export interface VMStatus {
  readonly observedGeneration?: number;
  readonly phase?: 'Creating' | 'Booting' | 'Ready' | 'Draining' | 'Deleting' | 'Failed';
  readonly providerID?: string;
  readonly address?: string;
  readonly hostKey?: string;
  readonly sku?: string;
  readonly region?: string;
  readonly hourlyUSD?: string;
  readonly slots?: number;
  readonly memoryMiB?: number;
  readonly idleSince?: string;
  readonly createdTime?: string;
  readonly conditions?: readonly Condition[];
}
