// What a new machine is told at its first boot: the cloud-config that makes it one of ours.
import type { KeyPair } from './keys.ts';

/** The user of ours on every machine. */
export const ADMIN_USER = 'berth';

export interface FirstBoot {
  /** The one secret in it: replaced after the first login. */
  readonly hostKey: KeyPair;
  /** Public half of the key we log in with. */
  readonly loginKey: string;
  readonly setupScript: string | undefined;
  readonly deadMansSwitch: {
    readonly idleSeconds: number;
    readonly maxSeconds: number;
    /** The machine's resource id, where it has an identity with which it can deallocate itself. */
    readonly deallocate: string | undefined;
  };
}

/** Text, at most 65,535 bytes; Azure takes it in base64. Throws `invalid` when the setup script makes it longer. */
export const cloudConfig = ({ hostKey, loginKey }: FirstBoot): string => `#cloud-config\n${hostKey.publicKey}${loginKey}`;

/** Where the machine keeps what the controller and its own timer look at. */
export const ON_VM = {
  /** Touched by the controller as long as there is one. */
  heartbeat: '/var/lib/berth/heartbeat',
  /** `name<TAB>ok|failed|skipped<TAB>exit code`, one line a step. */
  ledger: '/var/lib/berth/boot.tsv',
  /** There when the first boot's steps are over, whatever came of them. */
  marker: '/var/lib/berth/boot.json',
} as const;
