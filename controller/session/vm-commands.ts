// The commands of the on-VM part (vm/*.py): brings the files to a VM and calls them there.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { OperatorError } from '../api/error.ts';
import type { Channel, RunResult, Shell } from '../shell/shell.ts';

export interface VMCommands {
  /** Throws `conflict` when the VM refuses for good, `unavailable` when it has no room now, or when it can not be told whether it was done. */
  call(
    command: 'launch' | 'stop' | 'refuse' | 'deadline' | 'type' | 'clean' | 'stop-all' | 'attach' | 'status',
    request: object,
    signal: AbortSignal,
  ): Promise<unknown>;
  stream(signal: AbortSignal): Promise<Channel>;
}

const REFUSED = 65;
/** -E, -s: nothing of the user's Python set-up; -S: nothing but the standard library, which starts in half the time. */
const PYTHON = ['python3', '-ESs'];
const FOLDER = new URL('./vm/', import.meta.url);

/** A folder per content, put in place by rename: what older runs were started from stays as it is. */
const DELIVER = `
import json, os, sys
home = os.path.abspath(os.path.expanduser(os.environ.get('BERTH_HOME') or '~/.berth'))
folder = os.path.join(home, 'bin', sys.argv[1])
os.umask(0o077)
if not os.path.isdir(folder):
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    temporary = '%s.%d' % (folder, os.getpid())
    os.mkdir(temporary)
    for name, text in json.load(sys.stdin).items():
        with open(os.path.join(temporary, name), 'w', encoding='utf-8') as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    try:
        os.rename(temporary, folder)
    except OSError:
        if not os.path.isdir(folder):
            raise
print(folder)
`;

export const deliverCommands = async (shell: Shell, signal: AbortSignal): Promise<VMCommands> => {
  const content = await vmFiles();
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const delivered = await shell.run([...PYTHON, '-c', DELIVER, hash], { stdin: content, signal });
  if (delivered.code === 127) throw new OperatorError('unavailable', "python3: not found on the VM's PATH; install it there");
  if (delivered.code !== 0) throw new OperatorError('unavailable', `Berth's files could not be written on the VM: ${lastLine(delivered)}`);
  const program = [...PYTHON, `${new TextDecoder().decode(delivered.stdout).trim()}/berth_vm.py`];
  return {
    call: async (command, request, callSignal) => {
      const result = await shell.run([...program, command], { stdin: JSON.stringify(request), signal: callSignal });
      if (result.code === 0) return JSON.parse(new TextDecoder().decode(result.stdout));
      throw new OperatorError(result.code === REFUSED ? 'conflict' : 'unavailable', `${command} on the VM: ${lastLine(result)}`);
    },
    stream: (streamSignal) => shell.open([...program, 'stream'], streamSignal),
  };
};

const vmFiles = async (): Promise<string> => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.py')).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, FOLDER), 'utf8')));
  return JSON.stringify(Object.fromEntries(names.map((name, at) => [name, texts[at]])));
};

const lastLine = ({ stderr, code }: RunResult): string => stderr.trim().split('\n').at(-1) || `it ended with code ${code}`;
