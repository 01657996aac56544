// The lock that lies on the host itself, in the home of the user we log in as: one pool of one installation at a time.
import { OperatorError } from '../../api/error.ts';
import type { Shell } from '../../shell/shell.ts';

/** Who holds a host, as written down there. */
export interface Owner {
  /** What tells owners apart. */
  readonly poolUID: string;
  /** For people: where to look for it. */
  readonly pool: string;
  readonly controller: string;
}

/** The `reason` of the error that refuses a host. */
export const HOST_IN_USE = 'HostInUse';

const PYTHON = ['python3', '-ESs', '-c'];
const PATIENCE_MS = 60_000;

/** Idempotent. Throws `denied` with reason HostInUse where another pool holds it. */
export const takeHost = async (shell: Shell, host: string, owner: Owner): Promise<void> => {
  const holder = await call(shell, host, TAKE, owner);
  if (holder.poolUID === owner.poolUID) return;
  throw new OperatorError(
    'denied',
    `host ${host} serves pool ${holder.pool} of the controller on ${holder.controller} already: list it in one pool only, ` +
      'or remove ~/.berth/lease there if that pool does not exist any more',
    { reason: HOST_IN_USE },
  );
};

/** Removes what a VM left there (`home`), then our lock. What another pool holds is left alone. */
export const freeHost = async (shell: Shell, host: string, owner: Owner, home: string): Promise<void> => {
  await call(shell, host, FREE, { ...owner, home });
};

const call = async (shell: Shell, host: string, script: string, request: object): Promise<Owner> => {
  const result = await shell.run([...PYTHON, script], { stdin: JSON.stringify(request), signal: AbortSignal.timeout(PATIENCE_MS) });
  if (result.code === 0) return JSON.parse(new TextDecoder().decode(result.stdout));
  const why = result.code === 127 ? "python3: not found on the host's PATH; install it there" : result.stderr.trim().split('\n').at(-1);
  throw new OperatorError('unavailable', `host ${host} could not be locked: ${why}`);
};

const COMMON = `
import json, os, shutil, sys, tempfile
os.umask(0o077)
request = json.load(sys.stdin)
base = os.path.expanduser('~/.berth')
lease = os.path.join(base, 'lease')
def holder():
    try:
        with open(os.path.join(lease, 'owner.json'), encoding='utf-8') as file:
            return json.load(file)
    except FileNotFoundError:
        return None
`;

/** A directory with the owner in it, put in place by rename: that fails where there is one. */
const TAKE = `${COMMON}
os.makedirs(base, exist_ok=True)
while holder() is None:
    made = tempfile.mkdtemp(prefix='.lease.', dir=base)
    with open(os.path.join(made, 'owner.json'), 'w', encoding='utf-8') as file:
        json.dump(request, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.rename(made, lease)
    except OSError:
        shutil.rmtree(made)
print(json.dumps(holder()))
`;

/** Go's module cache, for one, is read-only. */
const FREE = `${COMMON}
def make_removable(function, path, _error):
    try:
        os.chmod(os.path.dirname(path), 0o700)
        os.chmod(path, 0o700)
        function(path)
    except OSError:
        pass
home = os.path.expanduser(request['home'])
shutil.rmtree(home, onerror=make_removable)
found = holder()
if found is not None and found['poolUID'] == request['poolUID']:
    gone = tempfile.mkdtemp(prefix='.lease.', dir=base)
    os.rename(lease, os.path.join(gone, 'lease'))
    shutil.rmtree(gone)
print(json.dumps(request))
`;
