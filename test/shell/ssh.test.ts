// The shell over a real OpenSSH server keeps the contract, and sends nothing to a server that it does not know.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OperatorError } from '../../controller/api/error.ts';
import { fingerprint } from '../../controller/shell/host-key.ts';
import { sshShell } from '../../controller/shell/ssh.ts';
import type { SSHLogin } from '../../controller/shell/ssh-connection.ts';
import { testShell } from '../contracts/shell.ts';
import { noSSHD, type SSHServer, startSSHD } from '../fakes/sshd.ts';
import { listen } from '../fakes/tcp.ts';
import { skip } from '../runner/skip.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const failure = (promise: Promise<unknown>): Promise<OperatorError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: OperatorError) => error,
  );
const otherKey = (): string => {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const part = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([part(Buffer.from('ssh-ed25519')), part(der)]).toString('base64')}`;
};
const printOf = (line: string): string => fingerprint(Buffer.from(line.split(' ')[1] ?? '', 'base64'));

const declare = (): void => {
  testShell('ssh', async () => {
    const server = await startSSHD();
    const shell = sshShell(async () => server.login());
    const close = async () => {
      shell.close();
      await server.close();
    };
    return { shell, close };
  });

  const test = suite('ssh shell');
  let server: SSHServer;
  test.before(async () => {
    server = await startSSHD({ maxSessions: 2 });
  });
  test.after(() => server.close());
  const withShell = async <T>(login: Partial<SSHLogin>, body: (shell: ReturnType<typeof sshShell>) => Promise<T>): Promise<T> => {
    const shell = sshShell(async () => server.login(login));
    try {
      return await body(shell);
    } finally {
      shell.close();
    }
  };

  test('more commands at once than the server takes channels wait for their turn', async () => {
    const codes = await withShell({}, (shell) =>
      Promise.all([1, 2, 3, 4, 5, 6].map((n) => shell.run(['sh', '-c', `sleep 0.05; exit ${n}`]))),
    );
    assert.equal(
      codes.map(({ code }) => code),
      [1, 2, 3, 4, 5, 6],
    );
  });

  test('a command that ends before anybody listens has its exit code, too', async () => {
    await withShell({}, async (shell) => {
      for (let n = 0; n < 50; n++) assert.is((await shell.run(['sh', '-c', `exit ${n}`])).code, n);
    });
  });

  test('a third long-lived channel is refused', async () => {
    await withShell({}, async (shell) => {
      const end = AbortSignal.timeout(20_000);
      await Promise.all([shell.open(['cat'], end), shell.open(['cat'], end)]);
      assert.is((await failure(shell.open(['cat'], end))).code, 'bug');
    });
  });

  test('any of several known host keys will do', async () => {
    await withShell({ hostKeys: [otherKey(), server.hostKey()] }, async (shell) => assert.is((await shell.run(['true'])).code, 0));
  });

  test('a server with another key is refused, and told nothing', async () => {
    const expected = otherKey();
    const before = server.log().length;
    const wire = await listen({ to: server.port });
    const error = await failure(
      withShell({ port: wire.port, hostKeys: [expected] }, (shell) => shell.run(['env'], { stdin: 'the-secret' })),
    );
    await wire.close();
    assert.equal([error.code, error.reason], ['denied', 'HostKeyMismatch']);
    assert.ok(error.message.includes(printOf(expected)) && error.message.includes(printOf(server.hostKey())), error.message);
    // Up to the check of the key all is sent in clear text: what is not in it was not sent.
    assert.ok(wire.sent().toString('latin1').startsWith('SSH-2.0-'));
    assert.not.ok(wire.sent().includes(server.user) || wire.sent().includes('the-secret') || wire.sent().includes('ssh-userauth'));
    assert.not.match(server.log().slice(before), /authenticating user|Accepted/);
  });

  test('a host key is asked for by its kind, and another kind is a mismatch as well', async () => {
    const rsa = execFileSync('sh', ['-c', 'ssh-keygen -q -t rsa -b 2048 -N "" -f "$1/rsa" && cat "$1/rsa.pub"', 'sh', server.root], {
      encoding: 'utf8',
    });
    const error = await failure(withShell({ hostKeys: [rsa] }, (shell) => shell.run(['true'])));
    assert.match(error.message, /expected ssh-rsa SHA256:\S+, seen ssh-ed25519 SHA256:/);
  });

  test('what is no host key is refused before any connection', async () => {
    for (const line of ['', 'ssh-ed25519', 'ssh-dss AAAAB3NzaC1kc3MAAAA', 'ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAB', 'ssh-ed25519 AA==']) {
      const error = await failure(withShell({ port: 1, hostKeys: [line] }, (shell) => shell.run(['true'])));
      assert.is(error.code, 'invalid');
      assert.match(error.message, /is no host key/);
    }
  });

  test('a login that is refused says so, without the key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const error = await failure(withShell({ privateKey: pem }, (shell) => shell.run(['true'])));
    assert.is(error.code, 'denied');
    assert.match(error.message, /refuses the login: put the public half of the key into its authorized_keys/);
  });

  for (const [name, make] of KEYS) {
    test(`logs in with a private key that is ${name}`, async () => {
      const { privateKey, passphrase } = make(server.root);
      server.authorize(privateKey, passphrase);
      const login = { privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
      await withShell(login, async (shell) => assert.is((await shell.run(['true'])).code, 0));
      if (passphrase === undefined) return;
      const error = await failure(withShell({ privateKey, passphrase: 'wrong' }, (shell) => shell.run(['true'])));
      assert.equal([error.code, error.message.includes('passphrase is missing or wrong')], ['invalid', true]);
    });
  }

  test('a private key that is none is refused without repeating it', async () => {
    for (const privateKey of ['hello', '-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n']) {
      const error = await failure(withShell({ privateKey }, (shell) => shell.run(['true'])));
      assert.is(error.code, 'invalid');
      assert.not.match(error.message, /hello|aGVsbG8/);
    }
    const { privateKey } = generateKeyPairSync('x25519');
    const login = { privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    assert.match((await failure(withShell(login, (shell) => shell.run(['true'])))).message, /of type x25519: use ed25519, ECDSA or RSA/);
  });

  test('goes through a jump host, which is checked alike', async () => {
    const jump = server.login();
    const far = await startSSHD();
    const through = sshShell(async () => far.login({ jump }));
    const { stdout } = await through.run(['sh', '-c', 'echo $BERTH_SSHD; echo $SSH_CONNECTION']);
    assert.is(text(stdout).split('\n')[0], far.mark);
    through.close();
    const jumpName = `jump host ${server.user}@127.0.0.1:${server.port}`;
    const refusal = async (login: SSHLogin): Promise<OperatorError> => {
      const shell = sshShell(async () => login);
      const error = await failure(shell.run(['true']));
      shell.close();
      return error;
    };
    const contacts = (): number => far.log().match(/^Connection from/gm)?.length ?? 0;
    const before = contacts();
    const wrong = await refusal(far.login({ jump: { ...jump, hostKeys: [otherKey()] } }));
    assert.is(wrong.reason, 'HostKeyMismatch');
    assert.match(wrong.message, `${jumpName} shows another host key`);
    assert.is(contacts(), before);
    const impostor = await refusal(far.login({ hostKeys: [otherKey()], jump }));
    assert.match(impostor.message, new RegExp(`^${far.user}@127.0.0.1:${far.port} shows another host key`));
    await far.close();
    const there = `127.0.0.1:${far.port}`;
    assert.match((await refusal(far.login({ jump }))).message, `${jumpName} can not reach ${there}: `);
    const away = await refusal(server.login({ jump: far.login() }));
    assert.match(away.message, `no SSH connection to jump host ${far.user}@${there}: connect ECONNREFUSED`);
  });

  test('a jump host that tries for ever is given up when we close', async () => {
    const asked = Promise.withResolvers<void>();
    const keyFile = readFileSync(join(server.root, 'client'));
    const jumpHost = new ssh2.Server({ hostKeys: [keyFile] }, (client) => {
      client.on('authentication', (context) => context.accept());
      client.on('tcpip', () => asked.resolve()).on('error', () => undefined);
    });
    await new Promise<void>((resolve) => jumpHost.listen(0, '127.0.0.1', resolve));
    const address = jumpHost.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const jump = { ...server.login(), port, hostKeys: [server.client.line] };
    const shell = sshShell(async () => server.login({ jump }));
    const running = failure(shell.run(['true']));
    await asked.promise;
    shell.close();
    const { code, message } = await running;
    assert.is(code, 'unavailable');
    assert.is(message, `jump host ${server.user}@127.0.0.1:${port} did not reach 127.0.0.1:${server.port} in time`);
    await new Promise((resolve) => jumpHost.close(resolve));
  });

  test('a server that is killed leaves the outcome unknown, and the next command connects anew', async () => {
    const other = await startSSHD();
    const shell = sshShell(async () => other.login());
    const running = failure(shell.run(['sh', '-c', 'echo up; sleep 60']));
    const channel = await shell.open(['sh', '-c', 'echo up; sleep 60'], AbortSignal.timeout(60_000));
    let heard = '';
    for await (const chunk of channel.output) {
      heard += text(chunk);
      await other.kill();
    }
    assert.is(heard, 'up\n');
    const error = await running;
    assert.equal([error.code, error.message], ['unavailable', 'sh: it is not known how it ended: the connection was lost']);
    assert.is((await failure(shell.run(['true']))).code, 'unavailable');
    await other.start();
    assert.is((await shell.run(['true'])).code, 0);
    shell.close();
    await other.close();
  });

  test('a server that accepts and says nothing is given up when we close', async () => {
    const mute = await listen({});
    const shell = sshShell(async () => server.login({ port: mute.port }));
    const running = failure(shell.run(['true']));
    await mute.connected;
    shell.close();
    assert.is((await running).code, 'unavailable');
    await mute.close();
  });

  test('a channel ends when it is aborted, also where nothing comes back any more', async () => {
    const wire = await listen({ to: server.port });
    const shell = sshShell(async () => server.login({ port: wire.port }));
    const abort = new AbortController();
    const channel = await shell.open(['sh', '-c', 'echo up; sleep 60'], abort.signal);
    for await (const _chunk of channel.output) {
      wire.freeze();
      abort.abort();
    }
    shell.close();
    await wire.close();
  });

  test.run();
};

/** How people come to have a private key. */
const KEYS: readonly (readonly [string, (root: string) => { readonly privateKey: string; readonly passphrase?: string }])[] = [
  ['ed25519 in PKCS#8', () => ({ privateKey: String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })) })],
  [
    'ed25519 in PKCS#8 with a passphrase',
    () => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const passphrase = 'a secret word';
      return { privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })), passphrase };
    },
  ],
  [
    'RSA in PKCS#8',
    () => ({ privateKey: String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })) }),
  ],
  [
    'ECDSA in PKCS#8',
    () => ({ privateKey: String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })) }),
  ],
  [
    'RSA in PEM',
    () => ({ privateKey: String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' })) }),
  ],
  [
    'OpenSSH’s own with a passphrase',
    (root) => {
      const made = 'ssh-keygen -q -t ed25519 -a 4 -N "$2" -f "$1/locked" && cat "$1/locked"';
      return {
        privateKey: execFileSync('sh', ['-c', made, 'sh', root, 'a secret word'], { encoding: 'utf8' }),
        passphrase: 'a secret word',
      };
    },
  ],
];

if (noSSHD === undefined) declare();
else skip('ssh shell', noSSHD);
