// Our own look at the booted machine, beside the controller's: which host key it shows, and what is in it.
import { OperatorError } from '../../controller/api/error.ts';
import { sshShell } from '../../controller/shell/ssh.ts';
import { connectSSH, type SSHLogin } from '../../controller/shell/ssh-connection.ts';
import { listen } from '../fakes/tcp.ts';
import { until } from '../session/vm-world.ts';

const PATIENCE_MS = 1_800_000;

/** `undefined` while nobody answers; `refused`: the server's key is not the one expected. */
const tryLogin = async (login: SSHLogin): Promise<'in' | 'refused' | undefined> => {
  try {
    const client = await connectSSH(login, AbortSignal.timeout(60_000));
    client.destroy();
    return 'in';
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    if (error.reason === 'HostKeyMismatch') return 'refused';
    if (error.code === 'unavailable') return undefined;
    throw error;
  }
};

/** The same through a wire of ours: also the numbers of the messages that the client sent, which are readable up to NEWKEYS (21). */
export const tapLogin = async (login: SSHLogin) => {
  const wire = await listen({ to: login.port, host: login.host });
  try {
    const outcome = await tryLogin({ ...login, host: '127.0.0.1', port: wire.port });
    return { outcome, messages: messagesIn(wire.sent()) };
  } finally {
    await wire.close();
  }
};

/** RFC 4253: a line, then packets of a length, a padding length, and a message that begins with its number. Plain until NEWKEYS (21). */
const messagesIn = (sent: Buffer): readonly number[] => {
  const found: number[] = [];
  for (let at = sent.indexOf('\n') + 1; at + 6 <= sent.length; at += 4 + sent.readUInt32BE(at)) found.push(sent.readUInt8(at + 5));
  return found;
};

/** Which of the two it is, however long nobody answers. */
export const loginOutcome = (login: SSHLogin): Promise<'in' | 'refused'> => until(() => tryLogin(login), PATIENCE_MS);

/** Run there, again where the connection does not come about: it may be run more than once. */
export const look = (login: SSHLogin, script: string): Promise<string> =>
  until(async () => {
    try {
      return await lookOnce(login, script);
    } catch (error) {
      if (error instanceof OperatorError && error.code === 'unavailable') return undefined;
      throw error;
    }
  }, PATIENCE_MS);

const lookOnce = async (login: SSHLogin, script: string): Promise<string> => {
  const shell = sshShell(async () => login);
  try {
    const { code, stdout, stderr } = await shell.run(['bash', '-c', script], { signal: AbortSignal.timeout(600_000) });
    if (code !== 0) throw new Error(`on the machine, code ${code}: ${script}\n${stderr}`);
    return new TextDecoder().decode(stdout).trim();
  } finally {
    shell.close();
  }
};
