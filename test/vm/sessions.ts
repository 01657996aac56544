// What runs on the booted machine: each session tries one thing that has to go right, or one that has to be stopped.

export const TOKEN = 'token-of-quiet-4711';

/** Has something to hide, and lives for as long as the machine does. */
export const QUIET = `printf '%s\\n' "$TOKEN" > secret.txt; echo ready; while :; do sleep 1; done`;

/** Who it is, and what it is in. */
export const WHO = `id -un; stat -c '%a %U %n' "$HOME" "$BERTH_WORKSPACE" | sed "s,$HOME,HOME,"; cut -d: -f3 /proc/self/cgroup
cd /sys/fs/cgroup; group=$(cut -d: -f3 /proc/self/cgroup | cut -c2-)
echo "memory.max $(cat $group/memory.max)"; echo "pids.max $(cat $group/pids.max)"; echo "slice $(cat berth.slice/memory.max) $(cat berth.slice/pids.max)"
cat "$BERTH_PROMPT_FILE"; tty | sed 's,[0-9].*,,'; test -w "$(tty)" && echo writable`;

/** Takes all the memory there is. */
export const EATER = 'import time\nhoard = []\nwhile True:\n    hoard.append(bytearray(b"x" * (1 << 22)))';

/** Every process of it waits for a pipe that nobody writes to; the first that can not be made ends the shell. */
export const BOMB = 'mkfifo pipe; i=0; while :; do read -r _ < pipe & i=$((i + 1)); [ $((i % 1000)) = 0 ] && echo "$i processes"; done';

/** Looks for whatever belongs to others. */
export const SPY = `for home in /home/*/; do
  [ "$home" = "$HOME/" ] && continue
  ls -a "$home"; cat "$home/workspace/secret.txt" "$home/.berth/prompt"
done
cat /home/berth/.berth/runs/*/output.log
cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep TOKEN
tmux -S /tmp/berth-*/* ls
for process in $(pgrep -f 'sleep 1$'); do kill -9 $process; done
sudo -n true
echo looked`;

/** Asks twice, and says what it was told. */
export const ASK = 'printf "Shall I go on? "; read -r one; echo "told: $one"; printf "And now? "; read -r two; echo "typed: $two"; exit 5';
