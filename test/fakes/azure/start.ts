// The fake for a test: a process of its own that ends with `stop`, with this process at the latest, and can be killed and begun again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killMachines } from './backing/sshd-backing.ts';
import { type Control, createControl } from './control-client.ts';
import { isObject } from './json.ts';

export interface FakeAzureOptions {
  /** Divides every duration; 1,000 by default. */
  readonly speed?: number;
  readonly backing?: 'none' | 'sshd' | 'plain' | 'qemu';
  /** With qemu: a folder with vmlinuz, initrd and base.ext4. */
  readonly image?: string;
  readonly subscription?: string;
  /** Its world is in a file at every moment, so that it can be killed and begun again. Costs a write for every change. */
  readonly durable?: boolean;
  /** With sshd: run at the end of each machine's first boot, as root, in place of the commands of its cloud-config… */
  readonly afterBoot?: string;
  /** …or after them. */
  readonly runCommands?: boolean;
  /** Directories of this system that the machines see as they are. */
  readonly share?: readonly string[];
}

export interface FakeAzure {
  /** `https://127.0.0.1:port`: the endpoint of Resource Manager and the authority host of sign-in. */
  readonly url: string;
  readonly caPem: string;
  readonly caFile: string;
  readonly subscription: string;
  readonly control: Control;
  /** A credential of the SDKs with a token that always works; `tokenExpire` ends it too, and the next one is new. */
  readonly credential: { getToken(): Promise<{ token: string; expiresOnTimestamp: number }> };
  /** For every client of the SDKs. */
  readonly clientOptions: { readonly endpoint: string; readonly tlsOptions: { readonly ca: string } };
  /** Ends it at once, as a crash would. `restart` begins it again at the same address: from its state where it is durable. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';

export const startFakeAzure = async (options: FakeAzureOptions = {}): Promise<FakeAzure> => {
  const folder = mkdtempSync(join(tmpdir(), 'fake-azure-'));
  const subscription = options.subscription ?? SUBSCRIPTION;
  const flags = [
    ...['--until-stdin-ends', '--folder', folder, '--subscription', subscription],
    ...(options.durable ? ['--state-file', join(folder, 'state.json')] : []),
    ...['--speed', String(options.speed ?? 1_000), '--backing', options.backing ?? 'none'],
    ...(options.afterBoot === undefined ? [] : ['--after-boot', options.afterBoot]),
    ...(options.image === undefined ? [] : ['--image', options.image]),
    ...(options.runCommands ? ['--runcmd'] : []),
    ...(options.share ?? []).flatMap((directory) => ['--share', directory]),
  ];
  let child = run(flags);
  const first = await listening(child);
  const same = ['--port', new URL(first.url).port, '--control-port', new URL(first.controlURL).port];
  const control = createControl(first.controlURL);
  const caPem = readFileSync(first.caFile, 'utf8');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  const atExit = (): void => {
    child.kill('SIGKILL');
    killMachines(folder);
  };
  process.once('exit', atExit);
  return {
    url: first.url,
    caPem,
    caFile: first.caFile,
    subscription,
    control,
    credential: { getToken: async () => ({ token: await control.token(), expiresOnTimestamp: Date.now() + 3_600_000 }) },
    clientOptions: { endpoint: first.url, tlsOptions: { ca: caPem } },
    kill: () => end('SIGKILL'),
    restart: async () => {
      child = run([...flags, ...same]);
      await listening(child);
    },
    stop: async () => {
      await end('SIGTERM');
      killMachines(folder);
      process.off('exit', atExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const run = (flags: readonly string[]): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });

/** What it says first. */
const listening = async (child: ChildProcess): Promise<{ url: string; controlURL: string; caFile: string }> => {
  let said = '';
  for await (const chunk of child.stdout ?? []) {
    said += String(chunk);
    if (said.includes('\n')) break;
  }
  const told: unknown = JSON.parse(said.split('\n')[0] || 'null');
  if (!isObject(told)) throw new Error(`the fake did not start: ${said}`);
  return { url: String(told.url), controlURL: String(told.controlURL), caFile: String(told.caFile) };
};
