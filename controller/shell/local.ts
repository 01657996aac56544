// A shell on this machine: programs run as the same user, in sessions of their own, so that what they leave running
// outlives the controller.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { OperatorError } from '../api/error.ts';
import type { Shell } from './shell.ts';

const PASSED_ON = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TMPDIR)$/;
const STDERR_CHARACTERS = 65_536;

/** `env`: added to the little that a command gets of `inherited`, the controller's own environment. */
export const localShell = (env: Readonly<Record<string, string>>, inherited: NodeJS.ProcessEnv): Shell => {
  const children = new Set<ChildProcess>();
  const environment = { ...basics(inherited), ...env };

  const start = (argv: readonly string[], signal?: AbortSignal) => {
    const [program = '', ...args] = argv;
    signal?.throwIfAborted();
    const child = spawn(program, args, { env: environment, detached: true, stdio: 'pipe' });
    const abort = () => kill(child);
    const forget = () => {
      children.delete(child);
      signal?.removeEventListener('abort', abort);
    };
    children.add(child);
    signal?.addEventListener('abort', abort, { once: true });
    child.once('close', forget).once('error', forget);
    // The command may end without reading; its exit code tells what there is to tell.
    child.stdin.on('error', () => {});
    return child;
  };

  return {
    run: (argv, { stdin, signal } = {}) =>
      new Promise((resolve, reject) => {
        const child = start(argv, signal);
        const stdout: Uint8Array[] = [];
        let stderr = '';
        child.stdout.on('data', (chunk: Uint8Array) => stdout.push(chunk));
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr = (stderr + text).slice(-STDERR_CHARACTERS);
        });
        child.once('error', (cause: NodeJS.ErrnoException) => {
          // What a shell would say and return.
          if (cause.code === 'ENOENT') resolve({ code: 127, stdout: new Uint8Array(0), stderr: `${argv[0]}: not found` });
          else reject(new OperatorError('unavailable', `${argv[0]} could not be run: ${cause.message}`, { cause }));
        });
        child.once('close', (code, name) => {
          if (signal?.aborted) reject(new OperatorError('unavailable', `${argv[0]} was interrupted`, { cause: signal.reason }));
          else resolve({ code: exitCode(code, name), stdout: Buffer.concat(stdout), stderr });
        });
        child.stdin.end(stdin ?? '');
      }),
    open: (argv, signal) =>
      new Promise((resolve, reject) => {
        const child = start(argv, signal);
        child.stderr.resume();
        child.once('spawn', () => resolve({ write: (text) => child.stdin.write(text), output: child.stdout }));
        child.once('error', (cause) =>
          reject(new OperatorError('unavailable', `${argv[0]} could not be run: ${cause.message}`, { cause })),
        );
      }),
    interact: (argv, { type }) =>
      new Promise((resolve, reject) => {
        const [program = '', ...args] = argv;
        const child = spawn(program, args, { env: { ...environment, TERM: type }, stdio: 'inherit' });
        child.once('error', (cause) =>
          reject(new OperatorError('unavailable', `${program} could not be run: ${cause.message}`, { cause })),
        );
        child.once('close', (code, name) => resolve(exitCode(code, name)));
      }),
    close: () => {
      for (const child of children) kill(child);
    },
  };
};

/** As a shell has it. */
const exitCode = (code: number | null, signal: NodeJS.Signals | null): number => code ?? 128 + (signal ? constants.signals[signal] : 0);

const basics = (inherited: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(inherited).flatMap(([name, value]) => (PASSED_ON.test(name) && value !== undefined ? [[name, value]] : [])),
  );

/** The whole process group: what the command itself detached is not in it any more, and stays. */
const kill = (child: ChildProcess): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it ended in this moment
  }
};
