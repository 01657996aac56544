// `kubectl berth`: the real kubectl finds the program on PATH, and it speaks of the cluster that kubectl speaks of.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { installCRDs } from '../fakes/kube/cluster.ts';
import { startKube } from '../fakes/kube/start.ts';
import { skip } from '../runner/skip.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/berth.mjs', import.meta.url));
const run = promisify(execFile);

const assets = kubeAssets('the plugin of kubectl');
if (assets && !existsSync(PROGRAM)) skip('the plugin of kubectl', 'dist/berth.mjs is not built');
else if (assets) {
  const test = suite('kubectl plugin');
  const folder = mkdtempSync(join(tmpdir(), 'berth-'));
  symlinkSync(PROGRAM, join(folder, 'kubectl-berth'));
  const kube = await startKube(assets);
  await installCRDs(kube);
  const PATH = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
  const plugin = (...args: readonly string[]) =>
    run('kubectl', ['berth', ...args], { env: { PATH, HOME: folder, KUBECONFIG: kube.kubeconfig } }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { readonly code: number; readonly stdout: string; readonly stderr: string }) => ({ code, stdout, stderr }),
    );
  const create = (name: string, namespace: string) => {
    const session = { apiVersion: 'berth.dev/v1alpha1', kind: 'Session', metadata: { name, namespace }, spec: { prompt: `task ${name}` } };
    return kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(session) });
  };

  test.before(async () => {
    if (kube.variant !== 'crd') await kube.kubectl(['create', 'namespace', 'team']);
    await create('here', 'default');
    await create('there', 'team');
  });

  test('kubectl finds it', async () => {
    const { stdout } = await run('kubectl', ['plugin', 'list', '--name-only'], { env: { PATH, HOME: folder } });
    assert.match(stdout, /^kubectl-berth$/m);
  });

  test('it speaks of the cluster and the namespace of the context, without being told', async () => {
    const { code, stdout } = await plugin('list');
    console.log(`kubectl berth list\n${stdout}`);
    assert.is(code, 0);
    assert.match(stdout, /^SESSION +VM +STATUS +AGE +PROMPT\nhere +pending +\d+\w +task here\n$/);
  });

  test('-n, -A and --context choose', async () => {
    assert.match((await plugin('list', '-n', 'team')).stdout, /^SESSION.*\nthere /);
    assert.match((await plugin('-n', 'team', 'list')).stdout, /^SESSION.*\nthere /);
    const all = (await plugin('list', '-A')).stdout;
    console.log(`kubectl berth list -A\n${all}`);
    assert.match(all, /^NAMESPACE.*\n(default +here|team +there) .*\n(default +here|team +there) /);
    const config = JSON.parse(readFileSync(kube.kubeconfig, 'utf8')) as { readonly contexts: readonly { readonly context: object }[] };
    const [context] = config.contexts;
    const contexts = [...config.contexts, { name: 'of-team', context: { ...context?.context, namespace: 'team' } }];
    if (kube.variant !== 'given') writeFileSync(kube.kubeconfig, JSON.stringify({ ...config, contexts }));
    if (kube.variant !== 'given') assert.match((await plugin('list', '--context', 'of-team')).stdout, /^SESSION.*\nthere /);
    const elsewhere = await plugin('list', '--kubeconfig', join(folder, 'none'));
    assert.equal([elsewhere.code, elsewhere.stdout], [2, '']);
    assert.match(elsewhere.stderr, `Error: cannot read the kubeconfig ${join(folder, 'none')}`);
    assert.match((await plugin('list', '--kubeconfig', kube.kubeconfig)).stdout, /\nhere /);
    const unknown = await plugin('list', '--context', 'elsewhere');
    assert.is(unknown.code, 2);
    assert.match(unknown.stderr, 'the kubeconfig has no context "elsewhere"');
  });

  test('-o has the forms of kubectl', async () => {
    assert.is((await plugin('get', 'sessions', '-o', 'name')).stdout, 'session.berth.dev/here\n');
    const [json, yaml, wide] = await Promise.all(['json', 'yaml', 'wide'].map((form) => plugin('get', 'session', 'here', '-o', form)));
    assert.is((JSON.parse(json?.stdout ?? '') as { readonly spec: { readonly prompt: string } }).spec.prompt, 'task here');
    assert.match(yaml?.stdout ?? '', /^kind: Session$/m);
    assert.match(wide?.stdout ?? '', /^NAME/);
    assert.is(
      (JSON.parse((await plugin('list', '-A', '-o', 'json')).stdout) as { readonly sessions: readonly object[] }).sessions.length,
      2,
    );
    assert.match((await plugin('status')).stdout, '=== Remote Session Pool Status ===');
    // The CRD server has no Events.
    if (kube.variant !== 'crd') assert.match((await plugin('describe', 'session', 'here')).stdout, 'task here');
  });

  test('hints and help name it as it was called, and its exit codes come through', async () => {
    assert.match((await plugin('--help')).stdout, 'Usage: kubectl berth COMMAND [OPTIONS]');
    assert.equal(await plugin('lst'), {
      code: 2,
      stdout: '',
      stderr: `Error: unknown command "lst"\nHint: Did you mean 'kubectl berth list'?\n`,
    });
    assert.equal(await plugin('output', 'nobody'), { code: 3, stdout: '', stderr: 'Error: Session ID not found\n' });
  });

  test('what it makes of the state of the original, the API server takes', async () => {
    const fixture = fileURLToPath(new URL('../fixtures/amplihack/python-remote-state.json', import.meta.url));
    const { code, stdout } = await plugin('migrate', fixture);
    assert.is(code, 0);
    const taken = await kube.kubectl(['create', '--dry-run=server', '-f', '-'], { input: stdout });
    console.log(`kubectl berth migrate | kubectl create --dry-run=server -f -\n${taken}`);
    assert.match(taken, /^vmpool.*default created.*\n(session.* created.*\n){2}$/);
  });

  test.after(async () => {
    await kube.kubectl(['delete', 'sessions.berth.dev', '-A', '--all']);
    await kube.close();
    rmSync(folder, { recursive: true, force: true });
  });
  test.run();
}
