// The `amplihack` that `berth shim` writes: `amplihack remote …` is Berth, everything else the next amplihack on PATH.

const MARK = '# Written by berth shim';

/** A POSIX shell script. `node` and `entry` are absolute; nothing of the user's words is ever read as shell. */
export const shimScript = (node: string, entry: string): string => `#!/bin/sh
${MARK}: runs Berth for "amplihack remote", else the next amplihack on PATH.
if [ "$1" = remote ]; then
  BERTH_INVOKED_AS='amplihack remote' exec ${quote(node)} ${quote(entry)} "$@"
fi
set -f
old_ifs=$IFS
IFS=:
for folder in $PATH; do
  candidate=\${folder:-.}/amplihack
  if [ -f "$candidate" ] && [ -x "$candidate" ] && ! head -c 200 "$candidate" 2>/dev/null | grep -aq '^${MARK}'; then
    IFS=$old_ifs
    exec "$candidate" "$@"
  fi
done
echo 'Error: no other amplihack on PATH' >&2
echo 'Hint: only "amplihack remote" works without it; install amplihack for the rest.' >&2
exit 127
`;

/** One word for a POSIX shell, whatever is in it. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
