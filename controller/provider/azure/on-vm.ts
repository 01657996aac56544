// What is where on a machine of ours: what its first boot lays down, and what the controller looks at later.

/** The user that we log in as, on every machine. */
export const ADMIN_USER = 'berth';

export const ON_VM = {
  /** Touched by the controller as long as there is one. In memory: one from before a stop must not count after it. */
  heartbeat: '/run/berth/heartbeat',
  /** `name<TAB>ok|failed|skipped<TAB>exit code`, one line a step of the first boot. */
  ledger: '/var/lib/berth/boot.tsv',
  /** There when the first boot's steps are over, whatever came of them. */
  marker: '/var/lib/berth/boot.json',
  firstBoot: '/usr/local/lib/berth/first-boot',
  setup: '/usr/local/lib/berth/setup',
  deadMansSwitch: '/usr/local/lib/berth/dead-mans-switch',
  deadMansSwitchConfig: '/usr/local/lib/berth/dead-mans-switch.json',
  runs: `/home/${ADMIN_USER}/.berth/runs`,
} as const;
