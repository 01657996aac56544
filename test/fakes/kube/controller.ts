// A controller as a process of its own, against a test cluster: with Local pools allowed, or over a cloud of the test's.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface RunningController {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What it logged, as text. */
  log(): string;
  /** Resolves with the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

const CLI = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
const OVER_CLOUD = fileURLToPath(new URL('cloud-controller.ts', import.meta.url));

/** `state` may be shared by several: it is where their machines lie. */
export const startController = (options: {
  readonly kubeconfig: string;
  readonly state: string;
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Address of a CloudServer, in place of the Local provider. */
  readonly cloud?: string;
  /** For node itself. */
  readonly execArgv?: readonly string[];
}): RunningController => {
  mkdirSync(options.state, { recursive: true });
  const file = join(options.state, `${options.name}.log`);
  const output = openSync(file, 'a');
  const program =
    options.cloud === undefined
      ? [CLI, 'controller', '--store', 'cluster', '--state', options.state, '--allow-local']
      : [OVER_CLOUD, options.cloud, join(options.state, options.name)];
  const child = spawn(process.execPath, [...(options.execArgv ?? []), ...program], {
    stdio: ['ignore', output, output],
    env: { ...process.env, KUBECONFIG: options.kubeconfig, BERTH_LEASE_NAMESPACE: 'default', BERTH_LOG_LEVEL: 'debug', ...options.env },
  });
  closeSync(output);
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    process: child,
    pid: child.pid ?? 0,
    log: () => readFileSync(file, 'utf8'),
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      return child.exitCode ?? child.signalCode ?? 'unknown';
    },
  };
};
