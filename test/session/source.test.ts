// Fetching the source of a run with the real Git.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openVMWorld, processesWith, until, type VMWorld } from './vm-world.ts';

const test = suite('the source of a run');
let world: VMWorld;
let url: string;
let first: string;

const git = (folder: string, ...argv: string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv], {
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();

test.before(async () => {
  world = await openVMWorld();
  const folder = join(world.root, 'repository');
  mkdirSync(folder);
  git(folder, 'init', '-q', '-b', 'main');
  const commit = (text: string) => {
    writeFileSync(join(folder, 'file'), text);
    git(folder, 'add', 'file');
    git(folder, 'commit', '-qm', text);
    return git(folder, 'rev-parse', 'HEAD');
  };
  first = commit('one');
  git(folder, 'tag', 'v1');
  git(folder, 'checkout', '-qb', 'feature/x');
  commit('branch');
  git(folder, 'checkout', '-q', 'main');
  commit('two');
  url = `file://${folder}`;
});
test.after(() => world.close());

const SHOW = 'cat file; echo; git branch --show-current; git rev-parse --abbrev-ref "@{upstream}" 2>/dev/null; true';

for (const [name, ref, expected] of [
  ['the default branch', undefined, 'two\nmain\norigin/main\n'],
  ['a branch', 'feature/x', 'branch\nfeature/x\norigin/feature/x\n'],
  ['a tag', 'v1', 'one\n'],
] as const) {
  test(`${name} is checked out`, async () => {
    const uid = await world.launch(SHOW, { git: { url, ...(ref ? { ref } : {}) } });
    const { exit } = await world.ended(uid);
    assert.is(exit.code, 0, JSON.stringify(exit));
    assert.is((await world.log(uid)).toString(), expected);
  });
}

test('a commit is checked out', async () => {
  const uid = await world.launch(SHOW, { git: { url, ref: first } });
  await world.ended(uid);
  assert.is((await world.log(uid)).toString(), 'one\n');
});

for (const [name, source, message] of [
  ['a ref that is not there', () => ({ url, ref: 'nowhere' }), /check out nowhere of file:.*nowhere/],
  ['a repository that is not there', () => ({ url: 'file:///no/such/repository' }), /clone file:\/\/\/no\/such\/repository: .*(not|exist)/],
  ['a URL that looks like an option', () => ({ url: '--upload-pack=touch /tmp/x' }), /clone/],
  ['a transport that runs commands', () => ({ url: 'ext::sh -c true' }), /not allowed/],
  ['a ref that looks like an option', () => ({ url, ref: '--detach' }), /check out --detach/],
] as const) {
  test(`${name} is said and nothing is started`, async () => {
    const uid = await world.launch('echo started', { git: source() });
    const { exit, startTime, logBytes } = await world.ended(uid);
    assert.is(exit.cause, 'source');
    assert.match(exit.message ?? '', message);
    assert.equal([startTime, logBytes], [undefined, 0]);
  });
}

test('credentials serve Git, and appear in no message and no file of the workspace', async () => {
  const credentials = { username: 'me', password: 'p@ss/word' };
  const uid = await world.launch(
    'printf "protocol=https\\nhost=git.example\\n\\n" | GIT_TERMINAL_PROMPT=0 git credential fill; grep -rl "ss/word\\|p%40ss" . || echo clean',
    {
      git: { url, credentials },
    },
  );
  await world.ended(uid);
  // The stored line is for the host of the URL; a file URL has none, so nothing is handed to another host.
  assert.match((await world.log(uid)).toString(), 'clean');
  const failed = await world.launch('true', { git: { url: 'https://me:p%40ss%2Fword@localhost:1/r.git', credentials } });
  const { exit } = await world.ended(failed);
  assert.is(exit.cause, 'source');
  assert.not.match(JSON.stringify(exit), /p@ss|p%40ss/);
  assert.not.match(readFileSync(world.file(failed, 'launch.json'), 'utf8'), 'p@ss');
});

test('a login key without known_hosts is refused', async () => {
  const { exit } = await world.ended(
    await world.launch('true', { git: { url: 'ssh://git@localhost/r', credentials: { 'ssh-privatekey': 'k' } } }),
  );
  assert.match(exit.message ?? '', 'known_hosts');
});

/** A run whose clone is answered by a server that accepts and says nothing; ends that server. */
const hangInClone = async (): Promise<{ readonly uid: string; readonly close: () => void }> => {
  const server = createServer((socket) => socket.unref()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  // It may come before the launch is answered.
  const connected = new Promise((resolve) => server.once('connection', resolve));
  const uid = await world.launch('true', { git: { url: `git://127.0.0.1:${port}/r` } });
  await connected;
  assert.is(world.facts(uid)?.state, 'preparing');
  return { uid, close: () => server.close() };
};

test('a stop ends a clone that hangs', async () => {
  const { uid, close } = await hangInClone();
  await world.host().stop({ uid, attempt: 1 }, 'Graceful', AbortSignal.timeout(10_000));
  const { exit } = await world.ended(uid);
  assert.equal([exit.cause, exit.message], ['source', 'stopped while the source was being fetched']);
  close();
});

test('a run whose supervisor died before the program was started can be refused, and is never started after that', async () => {
  const { uid, close } = await hangInClone();
  const { session, logBase } = world.spec(uid, 'true');
  const refuse = () => world.host().refuse({ uid, attempt: 1, session, logBase }, AbortSignal.timeout(30_000));
  await refuse();
  assert.is(world.facts(uid)?.state, 'preparing', 'one that is being prepared is left as it is');
  for (const pid of await processesWith(`supervise\0${uid}`)) process.kill(pid, 'SIGKILL');
  await until(() => (world.facts(uid) === undefined ? true : undefined));
  await refuse();
  assert.equal(await processesWith(`BERTH_SESSION_UID=${uid}\0`), []);
  await world.host().launch(world.spec(uid, 'touch started'), AbortSignal.timeout(30_000));
  const { exit } = await world.ended(uid);
  assert.equal([exit.cause, exit.message], ['refused', 'it was not started, and will not be']);
  close();
});

test.run();
