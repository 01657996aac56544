// What a new machine is told at its first boot: the cloud-config that makes it one of ours. Its one secret is the first host key,
// which is replaced after the first login; whatever else is secret goes over the connection that this key makes trustworthy.
import { stringify } from 'yaml';
import { OperatorError } from '../../api/error.ts';
import {
  type DeadMansSwitch,
  deadMansSwitchConfig,
  deadMansSwitchScript,
  deadMansSwitchService,
  deadMansSwitchTimer,
} from './dead-mans-switch.ts';
import { firstBootScript } from './first-boot.ts';
import type { KeyPair } from './keys.ts';
import { ADMIN_USER, ON_VM } from './on-vm.ts';

export interface FirstBoot {
  readonly hostKey: KeyPair;
  /** Public half of the key we log in with. */
  readonly loginKey: string;
  readonly setupScript: string | undefined;
  readonly deadMansSwitch: DeadMansSwitch;
}

/** Azure's limit. */
const MOST_BYTES = 65_535;

/** Text: Azure takes it in base64. Throws `invalid` where the setup script makes it too long. */
export const cloudConfig = (boot: FirstBoot): string => {
  // PyYAML reads YAML 1.1, where more words than in 1.2 mean something else than themselves.
  const text = `#cloud-config\n${stringify(configOf(boot), { version: '1.1', lineWidth: 0 })}`;
  const bytes = Buffer.byteLength(text);
  if (bytes <= MOST_BYTES) return text;
  const most = `Azure takes ${MOST_BYTES}`;
  throw new OperatorError(
    'invalid',
    `setup.script makes the first boot's data ${bytes} bytes long, and ${most}: fetch what is long from it`,
  );
};

const configOf = ({ hostKey, loginKey, setupScript, deadMansSwitch }: FirstBoot) => ({
  // Given a key, cloud-init makes none itself; those of the image go.
  ssh_deletekeys: true,
  ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
  ssh_pwauth: false,
  disable_root: true,
  manage_etc_hosts: 'localhost',
  users: [
    {
      name: ADMIN_USER,
      gecos: 'Berth',
      shell: '/bin/bash',
      lock_passwd: true,
      // A string: cloud-init 22.4 refuses a list.
      sudo: 'ALL=(ALL) NOPASSWD:ALL',
      ssh_authorized_keys: [loginKey],
    },
  ],
  write_files: [
    file(ON_VM.firstBoot, '0755', firstBootScript()),
    file(ON_VM.deadMansSwitch, '0755', deadMansSwitchScript()),
    file(ON_VM.deadMansSwitchConfig, '0644', deadMansSwitchConfig(deadMansSwitch)),
    file('/etc/systemd/system/berth-dead-mans-switch.service', '0644', deadMansSwitchService()),
    file('/etc/systemd/system/berth-dead-mans-switch.timer', '0644', deadMansSwitchTimer()),
    file('/etc/tmpfiles.d/berth.conf', '0644', `d /run/berth 0755 ${ADMIN_USER} ${ADMIN_USER} -\n`),
    ...(setupScript === undefined ? [] : [encoded(ON_VM.setup, '0700', setupScript)]),
  ],
  // Not `packages:`, which asks the network before anything else, and fails the whole boot without one.
  runcmd: [['/bin/bash', ON_VM.firstBoot]],
});

const file = (path: string, permissions: string, content: string) => ({ path, permissions, content });

/** Every line of a block in YAML costs its indentation: what people wrote may be all lines. */
const encoded = (path: string, permissions: string, content: string) => ({
  path,
  permissions,
  encoding: 'b64',
  content: Buffer.from(content).toString('base64'),
});
