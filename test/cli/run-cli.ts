// Runs a command line in this process against a fake client, and gives back what a shell would see.
import { PassThrough, Readable } from 'node:stream';
import { allCommands } from '../../cli/commands/index.ts';
import type { Context } from '../../cli/context.ts';
import type { Parts } from '../../cli/parts.ts';
import { run } from '../../cli/run.ts';
import { writeYAML } from '../../controller/store/yaml/write.ts';
import { type FakeClient, fakeClient } from '../fakes/client.ts';
import { NOW } from './build.ts';

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly client?: FakeClient;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly invokedAs?: string;
  readonly interrupted?: AbortSignal;
  readonly parts?: Partial<Parts>;
  readonly terminal?: Partial<Context['terminal']>;
}

export const runCLI = async (argv: readonly string[], options: RunOptions = {}): Promise<Ran> => {
  const { client = fakeClient(), env = {}, invokedAs = 'berth', interrupted = new AbortController().signal } = options;
  const out = collector();
  const err = collector();
  const exit = await run(argv, {
    env: { ...env },
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout: out.stream,
    stderr: err.stream,
    colorDepth: 1,
    now: () => NOW,
    random: counting(),
    invokedAs,
    interrupted,
    terminal: { stdout: false, stderr: false, columns: 80, ...options.terminal },
    tail: undefined,
    commands: allCommands,
    parts: { ...fakeParts(client), ...options.parts },
  });
  return { exit, out: out.text(), err: err.text() };
};

/** A tenth more each time: suffixes are told apart and predictable. */
const counting = (): (() => number) => {
  let calls = 0;
  return () => ((calls++ * 7) % 36) / 36;
};

const collector = (): { readonly stream: PassThrough; readonly text: () => string } => {
  const chunks: Buffer[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
};

const unused = (): never => {
  throw new Error('a part was used that this test does not provide');
};

const fakeParts = (client: FakeClient): Parts => ({
  openClient: async () => client,
  runController: unused,
  spawnController: async () => {
    client.held = {
      pid: process.pid,
      host: 'here',
      startTime: '2025-12-02T08:32:45Z',
      lookedTime: '2025-12-02T08:32:46Z',
      command: 'berth controller',
    };
    return { pid: process.pid, log: 'controller.log' };
  },
  hasUnread: async () => false,
  plan: unused,
  writeYAML: async (data) => writeYAML(data),
  readManifests: unused,
  validate: unused,
  explain: unused,
});
