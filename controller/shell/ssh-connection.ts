// One SSH connection: the server's key is checked before anything else is sent, then the login. Through other hosts where
// one has to jump, each of them checked alike.
import type { Duplex } from 'node:stream';
import type { Client, ClientErrorExtensions } from 'ssh2';
import { OperatorError } from '../api/error.ts';
import { pinKeys } from './host-key.ts';
import { readablePrivateKey } from './private-key.ts';

export interface SSHLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The server's public keys, any of which it may show (several while one is changed for another). Never empty. */
  readonly hostKeys: readonly string[];
  readonly privateKey: string;
  readonly passphrase?: string;
  /** The host through which this one is reached. */
  readonly jump?: SSHLogin;
}

const CONNECT_MS = 20_000;
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };

/** Throws `denied` for a wrong host key or a refused login, `unavailable` where another try may help. */
export const connectSSH = async (login: SSHLogin, signal: AbortSignal): Promise<Client> =>
  connectTo(login, nameOf(login), AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]));

/** `name` is what it is called in errors: of two hosts people have to know which one to look at. */
const connectTo = async (login: SSHLogin, name: string, patience: AbortSignal): Promise<Client> => {
  const { jump } = login;
  const jumpName = jump ? `jump host ${nameOf(jump)}` : '';
  const through = jump && (await connectTo(jump, jumpName, patience));
  try {
    const client = await shakeHands(login, name, through && (await forward(through, jumpName, login, patience)), patience);
    client.once('close', () => through?.destroy());
    return client;
  } catch (error) {
    through?.destroy();
    throw error;
  }
};

const shakeHands = async (login: SSHLogin, name: string, sock: Duplex | undefined, signal: AbortSignal): Promise<Client> => {
  const { Client } = await import('./ssh2.ts');
  const pinned = pinKeys(login.hostKeys);
  const { host, port, user: username } = login;
  const privateKey = readablePrivateKey(login.privateKey, login.passphrase);
  const client = new Client();
  const { promise, resolve, reject } = Promise.withResolvers<Client>();
  const giveUp = (error: unknown) => {
    client.destroy();
    reject(error);
  };
  const abort = () => giveUp(new OperatorError('unavailable', `${name} did not answer in time`));
  signal.addEventListener('abort', abort, { once: true });
  // Stays for the connection's life: a keepalive that is not answered comes as an error too.
  client.on('error', (cause) => giveUp(connectError(name, cause)));
  client.once('close', () => reject(new OperatorError('unavailable', `${name} closed the connection`)));
  client.once('connect', () => client.setNoDelay(true));
  client.once('ready', () => resolve(client));
  try {
    signal.throwIfAborted();
    client.connect({
      ...(sock ? { sock } : { host, port }),
      username,
      privateKey,
      ...(login.passphrase === undefined ? {} : { passphrase: login.passphrase }),
      ...KEEPALIVE,
      readyTimeout: 0, // ours counts from the first jump on
      algorithms: { serverHostKey: [...pinned.algorithms] as never },
      hostVerifier: (key: Buffer) => {
        if (pinned.accepts(key)) return true;
        reject(pinned.refusal(key, name));
        return false;
      },
    });
    return await promise;
  } catch (error) {
    client.destroy();
    throw error instanceof OperatorError ? error : connectError(name, error as Error);
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

/** A connection from the host in between, called `name`, to this one, as a stream. It may try for minutes: we do not wait for that. */
const forward = (through: Client, name: string, { host, port }: SSHLogin, signal: AbortSignal): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error) => reject(new OperatorError('unavailable', `${name} ${why}`, { cause }));
    signal.addEventListener('abort', () => fail(`did not reach ${host}:${port} in time`), { once: true });
    through.once('close', () => fail(`was lost on the way to ${host}:${port}`));
    through.forwardOut('127.0.0.1', 0, host, port, (cause, channel) => {
      if (cause) fail(`can not reach ${host}:${port}: ${cause.message}`, cause);
      else resolve(channel);
    });
  });

const connectError = (name: string, cause: Error & ClientErrorExtensions): OperatorError => {
  if (cause.level === 'client-authentication')
    return new OperatorError('denied', `${name} refuses the login: put the public half of the key into its authorized_keys`);
  if (/privateKey/.test(cause.message))
    return new OperatorError('invalid', 'the private key could not be read: it is damaged, or its passphrase is missing or wrong');
  return new OperatorError('unavailable', `no SSH connection to ${name}: ${cause.message}`, { cause });
};

const nameOf = ({ user, host, port }: SSHLogin): string => `${user}@${host}:${port}`;
