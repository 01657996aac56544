// A small cloud-init: reads the `#cloud-config` of a machine's customData and says it as one shell script, run once on the new
// machine. It knows users, ssh_keys and write_files; runcmd is left to a hook.
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { dig, isObject, list, object, text } from '../json.ts';

export interface CloudConfig {
  readonly users: readonly { readonly name: string; readonly shell: string; readonly sudo: boolean; readonly keys: readonly string[] }[];
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string | undefined } | undefined;
  readonly files: readonly {
    readonly path: string;
    readonly mode: string;
    readonly owner: string;
    readonly content: Buffer;
    readonly append: boolean;
  }[];
  /** Each a line for sh. */
  readonly commands: readonly string[];
}

/** What Azure hands to the machine: the customData, and the admin with the keys of osProfile. */
export const readCloudConfig = (osProfile: unknown): CloudConfig => {
  const data = text(dig(osProfile, 'customData'));
  const config = data === undefined ? {} : parseConfig(Buffer.from(data, 'base64'));
  const listed = list(config.users);
  const named = listed.filter(isObject).map((user) => ({
    name: text(user.name) ?? 'user',
    shell: text(user.shell) ?? '/bin/bash',
    sudo: user.sudo !== undefined && user.sudo !== false && user.sudo !== null,
    keys: list(user.ssh_authorized_keys).map(String),
  }));
  // As in cloud-init: with a list of users that leaves `default` out, the admin of osProfile is not made.
  const wantsAdmin = config.users === undefined || listed.includes('default');
  const admin = text(dig(osProfile, 'adminUsername'));
  const adminKeys = list(dig(osProfile, 'linuxConfiguration', 'ssh', 'publicKeys')).flatMap((key) => text(dig(key, 'keyData')) ?? []);
  const keys = [...adminKeys, ...list(config.ssh_authorized_keys).map(String)];
  const privateKey = text(dig(config, 'ssh_keys', 'ed25519_private'));
  return {
    users: [...(wantsAdmin && admin !== undefined ? [{ name: admin, shell: '/bin/bash', sudo: true, keys }] : []), ...named],
    hostKey: privateKey === undefined ? undefined : { privateKey, publicKey: text(dig(config, 'ssh_keys', 'ed25519_public')) },
    files: list(config.write_files).map((file) => ({
      path: text(dig(file, 'path')) ?? '/dev/null',
      mode: String(dig(file, 'permissions') ?? '0644'),
      owner: text(dig(file, 'owner')) ?? 'root:root',
      content: contentOf(file),
      append: dig(file, 'append') === true,
    })),
    commands: list(config.runcmd).map((command) =>
      Array.isArray(command) ? command.map((word) => quote(String(word))).join(' ') : String(command),
    ),
  };
};

const parseConfig = (data: Buffer): Record<string, unknown> => {
  const plain = data[0] === 0x1f && data[1] === 0x8b ? gunzipSync(data) : data;
  const content = plain.toString('utf8');
  return /^#cloud-config\s*\n/.test(content) ? object(parse(content, { version: '1.1' })) : {};
};

const contentOf = (file: unknown): Buffer => {
  const content = text(dig(file, 'content')) ?? '';
  const encoding = text(dig(file, 'encoding')) ?? 'text/plain';
  const decoded = /^(b64|base64|gz\+b64|gz\+base64|gzip\+b64|gzip\+base64)$/.test(encoding)
    ? Buffer.from(content, 'base64')
    : Buffer.from(content);
  return encoding.startsWith('gz') ? gunzipSync(decoded) : decoded;
};

export interface BootScript {
  /** Before every path: empty where the machine has a root of its own. */
  readonly root: string;
  /** Users are made: as root, with a root of its own. */
  readonly users: boolean;
  /** The step that fails, as asked for; empty for the last one. */
  readonly fails: string | undefined;
  /** Run in place of the commands: see the README. */
  readonly afterBoot: string | undefined;
  readonly runCommands: boolean;
}

/** Ends with 0 whatever failed, and says what in /run/cloud-init/result.json, as cloud-init does. */
export const bootScript = (config: CloudConfig, { root, users, fails, afterBoot, runCommands }: BootScript): string => {
  const step = (name: string, lines: readonly string[]): string =>
    [`step_${name}() {`, ...(fails === name ? ['  echo injected failure >&2; return 1'] : ['  set -e', ...lines, '  :']), '}'].join('\n');
  const commands = [...(runCommands ? config.commands : []), ...(afterBoot === undefined ? [] : [afterBoot])];
  return [
    `R=${quote(root)}`,
    'umask 022',
    'mkdir -p "$R/etc/ssh" "$R/run/cloud-init" "$R/var/lib/cloud/instance" "$R/etc/fake-azure"',
    step(
      'users',
      config.users.flatMap((user) => userLines(user, users)),
    ),
    step('ssh', hostKeyLines(config)),
    step(
      'write_files',
      config.files.flatMap((file) => fileLines(file, users)),
    ),
    step('runcmd', [...commands.map((command) => `( ${command}\n)`), ...(fails === '' ? ['false'] : [])]),
    'errors=',
    'for name in users ssh write_files runcmd; do',
    // A shell of its own: `set -e` holds in it.
    '  ( "step_$name" ) || errors="$errors,\\"$name\\""',
    'done',
    'status=done; [ -z "$errors" ] || status=error',
    `printf '{"v1":{"datasource":"DataSourceAzure","errors":[%s]}}\\n' "\${errors#,}" > "$R/run/cloud-init/result.json"`,
    `printf '%s\\n' "$status" > "$R/run/cloud-init/status"`,
    ': > "$R/var/lib/cloud/instance/boot-finished"',
    '',
  ].join('\n');
};

const userLines = ({ name, shell, sudo, keys }: CloudConfig['users'][number], make: boolean): readonly string[] => {
  const lines = keys.map((key) => `printf '%s\\n' ${quote(key)} >> "$keys"`);
  if (!make) return ['keys="$R/etc/fake-azure/authorized_keys"', ...lines];
  const user = quote(name);
  return [
    // A star, not a lock: sshd refuses locked accounts.
    `id -u ${user} >/dev/null 2>&1 || useradd --create-home --shell ${quote(shell)} --password '*' ${user}`,
    `home=$(getent passwd ${user} | cut -d: -f6)`,
    'mkdir -p -m 700 "$home/.ssh"',
    'keys="$home/.ssh/authorized_keys"',
    ...lines,
    `chown -R ${user}: "$home/.ssh"`,
    ...(sudo ? [`mkdir -p /etc/sudoers.d; printf '%s ALL=(ALL) NOPASSWD:ALL\\n' ${user} > /etc/sudoers.d/90-cloud-init-${user}`] : []),
  ];
};

const hostKeyLines = ({ hostKey }: CloudConfig): readonly string[] => {
  const key = '"$R/etc/ssh/ssh_host_ed25519_key"';
  const given = hostKey
    ? [
        `rm -f "$R"/etc/ssh/ssh_host_*`,
        `(umask 077; printf '%s\\n' ${quote(hostKey.privateKey.trim())} > ${key})`,
        `ssh-keygen -y -f ${key} > "$R/etc/ssh/ssh_host_ed25519_key.pub"`,
      ]
    : [`rm -f "$R"/etc/ssh/ssh_host_*`, `ssh-keygen -q -t ed25519 -N '' -C '' -f ${key}`];
  return [
    ...given,
    'echo "-----BEGIN SSH HOST KEY KEYS-----"',
    'cat "$R/etc/ssh/ssh_host_ed25519_key.pub"',
    'echo "-----END SSH HOST KEY KEYS-----"',
  ];
};

const fileLines = ({ path, mode, owner, content, append }: CloudConfig['files'][number], chown: boolean): readonly string[] => {
  const file = `"$R"${quote(path)}`;
  return [
    `mkdir -p "$(dirname ${file})"`,
    `base64 -d ${append ? '>>' : '>'} ${file} <<'END_OF_FILE'`,
    ...(content.toString('base64').match(/.{1,76}/g) ?? []),
    'END_OF_FILE',
    `chmod ${quote(mode)} ${file}`,
    ...(chown ? [`chown ${quote(owner)} ${file}`] : []),
  ];
};

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
