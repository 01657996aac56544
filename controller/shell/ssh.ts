// A shell on another machine, over one SSH connection that is made when it is first needed. What runs there goes on without
// us; a connection that is lost leaves the outcome of its commands unknown.
import { PassThrough } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { errorMessage, OperatorError } from '../api/error.ts';
import { quoteArgv } from './quote.ts';
import type { RunResult, Shell } from './shell.ts';
import { endOf } from './ssh-channel.ts';
import { connectSSH, type SSHLogin } from './ssh-connection.ts';
import { converse } from './ssh-terminal.ts';

const STDERR_CHARACTERS = 65_536;
const LONG_LIVED = 2;
/** A server lets go of a channel somewhat after we do. Beyond this it takes none at all. */
const REFUSAL_MS = 100;
const REFUSALS = 50;

/** `login` is asked for each connection anew: keys and addresses change. */
export const sshShell = (login: () => Promise<SSHLogin>): Shell => {
  const closed = new AbortController();
  const channels = trackChannels();
  let connection: Promise<Client> | undefined;
  let longLived = 0;

  const connect = async (): Promise<Client> => {
    try {
      const client = await connectSSH(await login(), closed.signal);
      client.once('close', () => {
        connection = undefined;
      });
      return client;
    } catch (error) {
      connection = undefined;
      throw error;
    }
  };
  const exec = async (argv: readonly string[], signal: AbortSignal | undefined): Promise<{ client: Client; channel: ClientChannel }> => {
    const command = quoteArgv(argv);
    for (let refusals = 0; ; ) {
      signal?.throwIfAborted();
      connection ??= connect();
      const client = await connection;
      try {
        return { client, channel: channels.add(await openChannel(client, command)) };
      } catch (error) {
        // The server takes so many channels at once (MaxSessions): the next one takes the place of one that ends.
        if (!isRefusal(error) || (channels.none() && ++refusals > REFUSALS)) throw unknownOutcome(argv, errorMessage(error), error);
        await channels.oneLess();
      }
    }
  };

  return {
    run: async (argv, { stdin, signal } = {}) => {
      const abort = aborted(argv, signal);
      try {
        const opening = exec(argv, signal);
        opening.then(({ channel }) => signal?.aborted && channel.close()).catch(() => undefined);
        const { client, channel } = await Promise.race([opening, abort.promise]);
        return await Promise.race([collect(argv, client, channel, stdin), abort.promise]).finally(() => signal?.aborted && channel.close());
      } finally {
        abort.stop();
      }
    },
    open: async (argv, signal) => {
      if (longLived >= LONG_LIVED)
        throw new OperatorError('bug', `${argv[0]}: ${LONG_LIVED} long-lived channels to one VM are open already`);
      longLived += 1;
      try {
        const { client, channel } = await exec(argv, signal);
        const output = streamOf(client, channel, signal);
        output.once('close', () => {
          longLived -= 1;
        });
        return { write: (text) => void channel.write(text), output };
      } catch (error) {
        longLived -= 1;
        throw error;
      }
    },
    interact: async (argv, terminal) => {
      connection ??= connect();
      return converse(await connection, quoteArgv(argv), terminal);
    },
    close: () => {
      closed.abort();
      connection?.then((client) => client.destroy()).catch(() => undefined);
    },
  };
};

const openChannel = (client: Client, command: string): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    const lost = () => reject(new Error('the connection was lost'));
    client.once('close', lost);
    client.exec(command, (error, channel) => {
      client.off('close', lost);
      if (error) reject(error);
      else resolve(channel);
    });
  });

const isRefusal = (error: unknown): boolean => error instanceof Error && 'reason' in error && typeof error.reason === 'number';

/** How many are open, and whoever waits for one to end. */
const trackChannels = () => {
  const open = new Set<ClientChannel>();
  const waiting: (() => void)[] = [];
  return {
    none: () => open.size === 0,
    oneLess: () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        setTimeout(resolve, REFUSAL_MS);
      }),
    add: (channel: ClientChannel): ClientChannel => {
      open.add(channel);
      channel
        .on('error', () => undefined)
        .once('close', () => {
          open.delete(channel);
          for (const look of waiting.splice(0)) look();
        });
      return channel;
    },
  };
};

const collect = (
  argv: readonly string[],
  client: Client,
  channel: ClientChannel,
  stdin: Uint8Array | string | undefined,
): Promise<RunResult> =>
  new Promise((resolve, reject) => {
    const stdout: Uint8Array[] = [];
    let stderr = '';
    const lost = () => reject(unknownOutcome(argv, 'the connection was lost'));
    client.once('close', lost);
    channel.on('data', (chunk: Uint8Array) => stdout.push(chunk));
    channel.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_CHARACTERS);
    });
    endOf(channel, (code) => {
      client.off('close', lost);
      if (code === undefined) lost();
      else resolve({ code, stdout: Buffer.concat(stdout), stderr });
    });
    channel.end(stdin ?? '');
  });

/** Ends with the command, the connection or the signal, whichever is first; also where the server answers nothing any more. */
const streamOf = (client: Client, channel: ClientChannel, signal: AbortSignal): PassThrough => {
  const output = new PassThrough({ highWaterMark: 1 << 18 });
  const end = () => {
    channel.unpipe(output);
    output.end();
    channel.close();
    client.off('close', end);
    signal.removeEventListener('abort', end);
  };
  signal.addEventListener('abort', end, { once: true });
  client.once('close', end);
  channel.once('end', end).once('close', end);
  channel.stderr.resume();
  channel.pipe(output, { end: false });
  if (signal.aborted) end();
  return output;
};

const aborted = (argv: readonly string[], signal: AbortSignal | undefined) => {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const abort = () => reject(new OperatorError('unavailable', `${argv[0]} was interrupted`, { cause: signal?.reason }));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return { promise, stop: () => signal?.removeEventListener('abort', abort) };
};

const unknownOutcome = (argv: readonly string[], why: string, cause?: unknown): OperatorError =>
  new OperatorError('unavailable', `${argv[0]}: it is not known how it ended: ${why}`, cause === undefined ? {} : { cause });
