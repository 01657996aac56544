// Commands that a machine of the cloud has and a folder with an sshd has not: enough of each for a first boot and a login.

/** By path on the machine. */
export const STAND_INS: Readonly<Record<string, string>> = {
  '/usr/local/bin/systemctl': `#!/bin/sh
# No systemd here. What is about sshd reaches it; the rest is taken as done.
case " $* " in
  *' reload ssh'*|*' reload-or-restart ssh'*) kill -HUP "$(cat /run/sshd.pid)" ;;
  *' restart ssh'*|*' stop ssh'*) kill -TERM "$(cat /run/sshd.pid)" ;;
  *' enable '*.timer*)
    # The fake runs them, by its own clock.
    mkdir -p /etc/fake-azure/timers
    for unit; do case "$unit" in *.timer) ln -sf "/etc/systemd/system/$unit" /etc/fake-azure/timers/ ;; esac; done ;;
  *' poweroff '*|*' reboot '*|*' halt '*) exec /usr/local/bin/poweroff ;;
  *' is-active ssh'*) echo active ;;
  *' is-system-running '*) echo running ;;
esac
`,
  '/usr/local/bin/loginctl': '#!/bin/sh\nexit 0\n',
  '/usr/local/bin/systemd-tmpfiles': `#!/bin/sh
# Directories of the files named, and no more.
for file; do
  case "$file" in -*) continue ;; esac
  while read -r type path mode user group _; do
    case "$type" in d|D) mkdir -p "$path"; chmod "$mode" "$path"; chown "$user:$group" "$path" ;; esac
  done < "$file"
done
`,
  '/usr/local/bin/cloud-init': `#!/bin/sh
# Only: cloud-init status [--wait] [--format json]
until [ -e /run/cloud-init/status ]; do sleep 0.1; done
status=$(cat /run/cloud-init/status)
case " $* " in *json*) printf '{"status":"%s","errors":%s}\\n' "$status" "$(sed 's/.*"errors"://; s/}}$//' /run/cloud-init/result.json)" ;; *) echo "status: $status" ;; esac
[ "$status" = done ]
`,
  '/usr/local/bin/poweroff': `#!/bin/sh
[ "$(id -u)" = 0 ] || exec sudo -n "$0" "$@"
: > /run/fake-azure.off
kill -TERM "$(cat /run/sshd.pid)"
`,
  '/usr/local/bin/shutdown': '#!/bin/sh\nexec /usr/local/bin/poweroff\n',
};

/** Where the system has no sudo: setpriv with the right to become root does its work, on that machine's disk alone. */
export const SUDO = `#!/bin/sh
while :; do
  case "\${1-}" in
    -n|-E|-H|-S|--) shift ;;
    -u) if [ "$2" != root ]; then user=$2; shift 2; exec /usr/local/libexec/become-root --reuid="$user" --regid="$user" --init-groups -- "$@"; fi; shift 2 ;;
    *) break ;;
  esac
done
[ "$#" != 0 ] || exit 1
exec /usr/local/libexec/become-root --reuid=0 --regid=0 --clear-groups -- "$@"
`;
