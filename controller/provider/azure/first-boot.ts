// The script of a machine's first boot. Each step runs by itself with a time limit, leaves one line in the ledger, and a failed one
// stops nothing: without a network, or with one agent's site down, the machine still takes sessions.
import { ADMIN_USER, ON_VM } from './on-vm.ts';

export const firstBootScript = (): string => `#!/bin/bash
# Usage: first-boot        all steps; the marker is written at the end, however that comes
#        first-boot STEP   one of them; 77 says that there was nothing to do
set -u
umask 022
export HOME=/root DEBIAN_FRONTEND=noninteractive
user=${ADMIN_USER}
# Empty on a machine; a folder that stands for one in a test.
root=\${BERTH_VM_ROOT-}
home=$root/home/$user
ledger=$root${ON_VM.ledger}
marker=$root${ON_VM.marker}
fetch='curl -fsSL --connect-timeout 10 --retry 2'

main() {
  mkdir -p "$(dirname "$ledger")"
  : > "$ledger"
  finished=
  trap finish EXIT
  step homes 60
  step linger 60
  step dead-mans-switch 120
  step packages 240
  step node 180
  { step codex 180; step copilot 180; } &
  step claude 180 &
  step amplihack 180 &
  wait
  step setup 600
  finished=yes
}

# A process of its own: 'set -e' holds in it, and nothing it does to its shell reaches the next step.
step() {
  timeout --kill-after=10 "$2" bash -euo pipefail "$0" "$1"
  local rc=$? state=failed
  if [ "$rc" = 0 ]; then state=ok; elif [ "$rc" = 77 ]; then state=skipped; fi
  printf '%s\\t%s\\t%s\\n' "$1" "$state" "$rc" >> "$ledger"
}

finish() {
  local status=ok
  if [ -z "$finished" ]; then status=interrupted; elif grep -q '\\sfailed\\s' "$ledger"; then status=degraded; fi
  printf '{"status":"%s","bootId":"%s","ledger":"%s"}\\n' "$status" "$(cat /proc/sys/kernel/random/boot_id)" "$ledger" > "$marker.new"
  mv "$marker.new" "$marker"
}

have() { for name in "$@"; do command -v "$name" > /dev/null || return 1; done; }

run_step() {
  case "$1" in
    homes)
      # Whoever else gets a home here, gets a private one too.
      sed -i '/^[#[:space:]]*HOME_MODE/d' "$root/etc/login.defs"
      printf 'HOME_MODE 0700\\n' >> "$root/etc/login.defs"
      chmod 0700 "$home"
      ;;
    linger)
      loginctl enable-linger "$user"
      ;;
    dead-mans-switch)
      systemd-tmpfiles --create "$root/etc/tmpfiles.d/berth.conf"
      systemctl daemon-reload
      systemctl enable --now berth-dead-mans-switch.timer
      ;;
    packages)
      if have tmux git python3 curl jq rg xz; then exit 77; fi
      options='-o DPkg::Lock::Timeout=120 -o Acquire::Retries=1 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15'
      apt-get $options -qq update
      apt-get $options -qq install -y --no-install-recommends tmux git python3 curl ca-certificates jq ripgrep xz-utils
      ;;
    node)
      if have node npm; then exit 77; fi
      arch=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
      cd "$(mktemp -d)"
      from=https://nodejs.org/dist/latest-v24.x
      $fetch -o sums "$from/SHASUMS256.txt"
      grep "linux-$arch.tar.xz" sums > sum
      read -r _ archive < sum
      $fetch -o "$archive" "$from/$archive"
      sha256sum --check --quiet sum
      tar -xJf "$archive" -C "$root/usr/local" --strip-components=1 --no-same-owner
      ;;
    claude)
      if have claude; then exit 77; fi
      $fetch -o /tmp/berth-claude-install https://claude.ai/install.sh
      runuser -u "$user" -- env HOME="$home" bash /tmp/berth-claude-install
      # Non-interactive logins do not read what adds ~/.local/bin to the PATH, and homes are private.
      install -m 0755 "$(readlink -f "$home/.local/bin/claude")" "$root/usr/local/bin/claude"
      ;;
    codex)
      if have codex; then exit 77; fi
      npm install --global --no-fund --no-audit @openai/codex
      ;;
    copilot)
      if have copilot; then exit 77; fi
      npm install --global --no-fund --no-audit @github/copilot
      ;;
    amplihack)
      if have amplihack; then exit 77; fi
      cd "$(mktemp -d)"
      archive=amplihack-$(uname -m)-unknown-linux-gnu.tar.gz
      from=https://github.com/rysweet/amplihack-rs/releases/latest/download
      $fetch -o "$archive" "$from/$archive"
      $fetch -o sums "$from/$archive.sha256"
      read -r sum _ < sums
      printf '%s  %s\\n' "$sum" "$archive" | sha256sum --check --quiet
      tar -xzf "$archive" --no-same-owner
      find . -type f \\( -name amplihack -o -name amplihack-hooks \\) -exec install -m 0755 -t "$root/usr/local/bin" {} +
      cd /
      runuser -u "$user" -- env HOME="$home" amplihack install
      ;;
    setup)
      if [ ! -e "$root${ON_VM.setup}" ]; then exit 77; fi
      cd "$root/root"
      bash "$root${ON_VM.setup}"
      ;;
  esac
}

if [ "$#" = 0 ]; then main; else run_step "$1"; fi
`;
