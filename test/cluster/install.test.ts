// From `kubectl apply` of what is shipped to sessions that ran, by real kubectl alone: the controller has the image's files, the
// Deployment's arguments, and no rights but those of its ServiceAccount, every one of which it has to use.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../controller/api/types.generated.ts';
import { apiServiceObjects, createAggregation } from '../fakes/kube/aggregation.ts';
import { kubeAssets } from '../fakes/kube/assets.ts';
import { auditIn } from '../fakes/kube/audit.ts';
import { installCRDs, openApi, wipe } from '../fakes/kube/cluster.ts';
import { ACCOUNT, type Account, accountOf, container, type Installed, layImage, startInstalled } from '../fakes/kube/installed.ts';
import { asServed, type KubeObject, objectsOf } from '../fakes/kube/manifests.ts';
import { type Kube, startKube } from '../fakes/kube/start.ts';
import { stopRunsBelow } from '../fakes/kube/stop-runs.ts';
import { until } from '../fakes/until.ts';

const pool = {
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'VMPool',
  metadata: { name: 'default', namespace: 'team-a' },
  spec: { provider: { type: 'Local' }, sizes: [{ name: 'l' }], maxVMs: 2 },
};
const session = (name: string, script: string, spec: object = {}) => ({
  apiVersion: 'berth.dev/v1alpha1',
  kind: 'Session',
  metadata: { name, namespace: 'team-a' },
  spec: { command: ['sh', '-c', script], ...spec },
});

const run = promisify(execFile);

interface Ended {
  readonly code?: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Role extends KubeObject {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** Of the controller, as the audit log names them. */
const rightsOf = (objects: readonly KubeObject[]): readonly string[] => {
  const isOurs = (object: KubeObject): object is Role =>
    object.kind.endsWith('Role') && object.metadata.name.startsWith('berth-controller');
  const roles = objects.filter(isOurs);
  const rights = roles
    .flatMap(({ rules }) => rules)
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${group && `.${group}`}`))),
    );
  return [...new Set(rights)].sort();
};

/** Asked of those that cannot stream what exists at the start of a watch, as the old one in these tests. */
const ONLY_OLD_SERVERS = ['list vmpools.berth.dev'];

const assets = kubeAssets('that Berth works as it is installed, with exactly the rights it is given', ['full', 'old', 'given']);
if (assets) {
  const test = suite('installed in a cluster');
  const folder = mkdtempSync(join(tmpdir(), 'berth-'));
  const audit = auditIn(folder);
  const aggregation = createAggregation();
  const kube: Kube = await startKube(assets, {
    flags: [...audit.flags, ...aggregation.flags, '--enable-admission-plugins=OwnerReferencesPermissionEnforcement'],
  });
  await installCRDs(kube);
  const apply = (objects: readonly object[], ...args: readonly string[]): Promise<string> =>
    kube.kubectl(['apply', '-f', '-', ...args], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });
  const get = async (name: string, namespace = 'team-a'): Promise<Session> =>
    JSON.parse(await kube.kubectl(['get', 'sessions.berth.dev', name, '-n', namespace, '-o', 'json'])) as Session;
  const show = async (...args: readonly string[]): Promise<string> => {
    const text = await kube.kubectl(args);
    console.log(`$ kubectl ${args.join(' ')}\n${text}`);
    return text;
  };
  const shipped = objectsOf('manifests/install.yaml').filter(({ kind }) => kind !== 'CustomResourceDefinition');
  const watch = () => {
    const child = spawn('kubectl', ['--kubeconfig', kube.kubeconfig, 'get', 'sessions.berth.dev', '-n', 'team-a', '-w'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    return {
      end: (): string => {
        child.kill();
        return text;
      },
    };
  };
  const api = await openApi(kube);
  const certificate = ['-n', 'berth-system', 'secret', 'berth-log-api-tls'];
  /** `what`: verb, resource[/subresource][.group], and where given namespace and name. */
  const may = async (user: string, what: string, groups: readonly string[] = []): Promise<'yes' | 'no'> => {
    const [verb, full = '', namespace, name] = what.split(' ');
    const [, resource, subresource, group] = /^([^/.]+)(?:\/([^.]+))?(?:\.(.+))?$/.exec(full) ?? [];
    const spec = { user, groups, resourceAttributes: { verb, resource, subresource, group, namespace, name } };
    const { status } = await api.send<{ readonly status: { readonly allowed: boolean } }>({
      doing: `ask whether ${user} may ${what}`,
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
    });
    return status.allowed ? 'yes' : 'no';
  };
  let account: Account | undefined;
  let running: Installed | undefined;
  const versions = (await kube.kubectl(['api-versions'])).split('\n');
  const served = shipped.flatMap((object) => asServed(object, versions) ?? []);

  test('installs, and applied again changes nothing', async () => {
    console.log(await apply(served));
    const budget = () =>
      kube.kubectl(['get', 'pdb', '-n', 'berth-system', '-o', 'jsonpath={.items[*].metadata.uid} {.items[*].metadata.generation}']);
    const before = await budget();
    const again = (await apply(served)).trim().split('\n');
    // The selector of a budget is replaced whole (policy/v1: patchStrategy), so that kubectl sends a patch, and says so, each time.
    assert.equal(
      again.filter((line) => !line.endsWith(' unchanged')),
      kube.variant === 'old' ? [] : ['poddisruptionbudget.policy/berth-controller configured'],
    );
    assert.is(await budget(), before);
    assert.is(again.length, shipped.length);
  });

  test('runs from the image, as its ServiceAccount, and answers the probes of the Deployment', async () => {
    account = await accountOf(kube, folder);
    running = await startInstalled({ image: layImage(join(folder, 'image')), account, folder });
    const { startupProbe, readinessProbe } = container();
    for (const { httpGet } of [startupProbe, readinessProbe]) {
      const url = running.url + httpGet.path;
      await until(async () => (await fetch(url).catch(() => undefined))?.status === 200, url);
    }
  });

  test('a pool and three sessions, by kubectl alone', async () => {
    for (const namespace of ['team-a', 'team-b']) await kube.kubectl(['create', 'namespace', namespace]);
    await kube.kubectl(['create', 'secret', 'generic', 'greeting', '-n', 'team-a', '--from-literal=word=hello']);
    const watching = watch();
    await apply([
      pool,
      session('talks', `echo "$WORD from a session"`, { env: [{ name: 'WORD', secretRef: { name: 'greeting', key: 'word' } }] }),
      session('fails', 'echo no; exit 3'),
      session('stays', 'echo here I am; sleep 600'),
    ]);
    await show('wait', '--for=condition=Finished', '--timeout=60s', '-n', 'team-a', 'session.berth.dev/talks', 'session.berth.dev/fails');
    await show('wait', '--for=condition=Ready', '--timeout=60s', '-n', 'team-a', 'session.berth.dev/stays');
    await show('get', 'sessions.berth.dev', '-n', 'team-a');
    await show('get', 'sessions.berth.dev', '-n', 'team-a', '-o', 'wide');
    await show('get', 'vmpools.berth.dev', '-n', 'team-a', '-o', 'wide');
    await show('get', 'vms.berth.dev', '-n', 'team-a', '-o', 'wide');
    assert.is(
      await show('get', 'session.berth.dev/talks', '-n', 'team-a', '-o', 'jsonpath={.status.output.tail}'),
      'hello from a session\n',
    );
    const failed = await get('fails');
    assert.equal([failed.status?.phase, failed.status?.exitCode], ['Failed', 3]);
    await show('patch', 'session.berth.dev/stays', '-n', 'team-a', '--type=merge', '-p', '{"spec":{"shutdown":"Graceful"}}');
    await show('wait', '--for=condition=Finished', '--timeout=60s', '-n', 'team-a', 'session.berth.dev/stays');
    assert.is((await get('stays')).status?.phase, 'Killed');
    const seen = watching.end();
    console.log(`$ kubectl get sessions.berth.dev -n team-a -w\n${seen}`);
    for (const line of [/talks .*Completed/, /fails .*Failed/, /stays .*Running/, /stays .*Killed/]) assert.match(seen, line);
    await show('get', 'events', '-n', 'team-a');
    assert.is(await show('get', 'lease', 'berth-controller', '-n', 'berth-system', '-o', 'jsonpath={.spec.leaseDurationSeconds}'), '15');
  });

  if (kube.variant !== 'given') {
    test('whole logs are read through the API server, by those who may', async () => {
      await kube.kubectl(['apply', '-f', '-'], { input: apiServiceObjects('berth-system', running?.logApiPort ?? 0) });
      await kube.kubectl(['wait', '--for=condition=Available', '--timeout=90s', 'apiservice/v1alpha1.output.berth.dev']);
      const path = '/apis/output.berth.dev/v1alpha1/namespaces/team-a/sessions/talks/log';
      const read = () => kube.kubectl(['get', '--raw', path]).catch(() => '');
      await until(async () => (await read()) !== '', 'the API', 30_000);
      assert.is(await show('get', '--raw', path), 'hello from a session\n');
      // Mended within a minute, as is looked at below.
      await kube.kubectl(['patch', ...certificate, '--type=merge', '-p', '{"data":{"tls.crt":""}}']);
    });
  }

  test('what is of another namespace cannot be used', async () => {
    await apply([
      { ...session('elsewhere', 'true'), metadata: { name: 'elsewhere', namespace: 'team-b' } },
      { ...pool, metadata: { name: 'own', namespace: 'team-b' } },
      {
        ...session('curious', 'true', { poolRef: { name: 'own' }, env: [{ name: 'W', secretRef: { name: 'greeting', key: 'word' } }] }),
        metadata: { name: 'curious', namespace: 'team-b' },
      },
    ]);
    await until(async () => (await get('elsewhere', 'team-b')).status?.reason === 'PoolNotFound', 'PoolNotFound');
    await until(async () => (await get('curious', 'team-b')).status?.reason === 'SecretNotFound', 'SecretNotFound');
    await show('get', 'sessions.berth.dev', '-A', '-o', 'wide');
  });

  test('deletes, by kubectl and by time, what there is', async () => {
    await apply([session('brief', 'true', { ttlSecondsAfterFinished: 1 })]);
    await until(
      async () => (await kube.kubectl(['get', 'sessions.berth.dev', '-n', 'team-a', '-o', 'name'])).includes('brief') === false,
      'expiry',
    );
    for (const namespace of ['team-a', 'team-b']) {
      await show('delete', 'sessions.berth.dev,vmpools.berth.dev', '--all', '-n', namespace, '--timeout=60s');
      assert.is(await kube.kubectl(['get', 'berth', '-n', namespace, '-o', 'name']), '');
    }
  });

  test('the metrics that alerts ask for are there', async () => {
    const metrics = await (await fetch(`${running?.url}/metrics`)).text();
    const names = JSON.stringify(objectsOf('manifests/install/components/monitoring/alerts.yaml')).match(/[a-z_]+(?=\{\w+=)/g) ?? [];
    for (const name of new Set(names.filter((each) => !each.startsWith('kubelet_')))) {
      console.log(`alerts ask for ${name}`);
      assert.match(metrics, new RegExp(`^# TYPE ${name} `, 'm'));
    }
  });

  if (kube.variant !== 'given') {
    test('the same by our own commands, as somebody who is admin of one namespace', async () => {
      await kube.kubectl(['create', 'namespace', 'team-c']);
      await kube.kubectl(['create', 'rolebinding', 'admin', '-n', 'team-c', '--clusterrole=admin', '--user=carol']);
      await until(async () => (await may('carol', 'create vmpools.berth.dev team-c')) === 'yes', 'aggregated roles', 60_000);
      const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kube.kubeconfigOf('carol', 'people'), BERTH_STORE: 'cluster' };
      const berth = async (...args: readonly string[]): Promise<string> => {
        const shown = args.map((arg) => (arg.includes(' ') ? JSON.stringify(arg) : arg)).join(' ');
        const argv = [join(folder, 'image/app/dist/berth.mjs'), ...args, '--namespace', 'team-c'];
        // 3 is what the sessions below end with: `wait` says so.
        const { stdout, stderr } = await run(process.execPath, argv, { env }).catch((error: Ended) =>
          error.code === 3 ? error : Promise.reject(error),
        );
        console.log(`$ berth ${shown} --namespace team-c\n${stdout}${stderr}`);
        return stdout;
      };
      const file = join(folder, 'team-c.json');
      const items = [pool, session('talks', 'echo hello'), session('fails', 'echo no; exit 3'), session('stays', 'echo here; sleep 600')];
      const moved = items.map(({ metadata, ...object }) => ({ ...object, metadata: { name: metadata.name } }));
      writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: moved }));
      assert.match(await berth('apply', '-f', file), /stays.* created/);
      await berth('wait', 'talks', 'fails');
      await berth('wait', 'stays', '--for', 'running');
      assert.match(await berth('list'), /talks +default-0 +completed/);
      assert.is(await berth('output', 'talks', '--raw'), 'hello\n');
      assert.match(await berth('status'), /default-0/);
      assert.match(await berth('kill', 'stays'), /Session terminated/);
      assert.match(await berth('get', 'sessions'), /stays +default-0 +killed/);
      assert.match(await berth('events', 'stays'), /LaunchedSession/);
      assert.match(await berth('apply', '-f', file), /stays.* unchanged/);
      for (const name of ['talks', 'fails', 'stays']) await berth('delete', 'session', name);
      await berth('delete', 'vmpool', 'default');
      await kube.kubectl(['wait', '-n', 'team-c', '--for=delete', '--timeout=60s', 'vmpool.berth.dev/default']).catch(() => undefined);
    });

    test('reads again what was changed under its hands', async () => {
      await apply([pool, session('busy', 'sleep 600')]);
      await kube.kubectl(['wait', '--for=condition=Ready', '--timeout=60s', '-n', 'team-a', 'session.berth.dev/busy']);
      for (const [path, change] of [
        ['vmpools/default', (n: number) => ({ maxVMs: 2 + (n % 2) })],
        ['vms/default-0', (n: number) => ({ cordoned: n % 2 === 0 })],
      ] as const) {
        const request = { doing: 'change it', method: 'PATCH', type: 'application/merge-patch+json' } as const;
        await until(async () => {
          for (let n = 0; n < 20; n += 1) {
            const body = { spec: change(n) };
            await api.send({ ...request, path: `/apis/berth.dev/v1alpha1/namespaces/team-a/${path}`, body });
          }
          return audit.read(ACCOUNT).granted.has(`get ${path.split('/')[0]}.berth.dev`);
        }, `a read of ${path}`);
      }
    });

    test("makes sure that what runs on a VM is nobody's before it is stopped", async () => {
      const forget = [{ op: 'remove', path: '/metadata/finalizers' }];
      await kube.kubectl(['patch', 'session.berth.dev/busy', '-n', 'team-a', '--type=json', '-p', JSON.stringify(forget)]);
      await kube.kubectl(['delete', 'session.berth.dev/busy', '-n', 'team-a', '--wait=false']);
      await until(() => audit.read(ACCOUNT).granted.has('get sessions.berth.dev'), 'a read of the session');
    });

    test('what happens again is told as a series', async () => {
      // The same session finds no VM a second time.
      await show('delete', 'vms.berth.dev', 'default-0', '-n', 'team-a', '--timeout=60s');
      await apply([session('busy', 'sleep 600')]);
      await until(() => audit.read(ACCOUNT).granted.has('patch events.events.k8s.io'), 'a series of events', 60_000);
    });

    test('names its pool as the owner of a VM only with the right to', async () => {
      const owner = JSON.parse(await kube.kubectl(['get', 'vmpool.berth.dev/default', '-n', 'team-a', '-o', 'json'])) as KubeObject;
      const owned = (name: string) => ({
        apiVersion: 'berth.dev/v1alpha1',
        kind: 'VM',
        metadata: {
          name,
          namespace: 'team-a',
          ownerReferences: [
            {
              apiVersion: 'berth.dev/v1alpha1',
              kind: 'VMPool',
              name: 'default',
              uid: owner.metadata.uid,
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        spec: { poolRef: { name: 'default' }, size: 'l', slots: 4, cordoned: true },
      });
      const create = (name: string): Promise<string> =>
        kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(owned(name)), kubeconfig: account?.kubeconfig ?? '' });
      await create('default-7');
      const role = served.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'berth-controller') as Role;
      const rules = role.rules.filter(({ resources }) => !resources.includes('vmpools/finalizers'));
      await apply([{ ...role, rules }]);
      await until(
        () =>
          create('default-8').then(
            () => kube.kubectl(['delete', 'vms.berth.dev', 'default-8', '-n', 'team-a', '--wait=false']).then(() => false),
            (error: unknown) => String(error).includes('cannot set blockOwnerDeletion'),
          ),
        'a refusal without vmpools/finalizers',
      );
      await apply([role]);
    });

    test('mends the Secret of its certificate', async () => {
      const read = () => kube.kubectl(['get', ...certificate, '-o', 'jsonpath={.data.tls\\.crt}']);
      await until(async () => (await read()) !== '', 'a new certificate', 70_000);
    });

    test('leaves nothing running', async () => {
      await kube.kubectl(['delete', 'sessions.berth.dev', '--all', '-n', 'team-a', '--timeout=60s']);
    });

    test('uses every right that it has, and asks for no other', async () => {
      assert.is(await running?.end('SIGTERM'), 0);
      const { granted, denied } = audit.read(ACCOUNT);
      console.log(`requests of the controller that were denied: ${denied.length}`);
      assert.equal(denied, []);
      const unused = ['update vmpools/finalizers.berth.dev', ...(kube.variant === 'full' ? ONLY_OLD_SERVERS : [])];
      const rights = rightsOf(served).filter((right) => !unused.includes(right));
      console.log(`granted and used:\n${rights.join('\n')}`);
      // By a Role of Kubernetes' own.
      granted.delete('get configmaps');
      assert.equal([...granted].sort(), rights);
    });
  }

  test('cannot do what its work does not need', async () => {
    for (const what of [
      'list secrets',
      'watch secrets team-a',
      'create secrets team-a',
      'create pods berth-system',
      'create sessions.berth.dev team-a',
      'update sessions.berth.dev team-a',
      'delete vmpools.berth.dev team-a',
      'update leases.coordination.k8s.io berth-system other',
      'update leases.coordination.k8s.io team-a berth-controller',
      'patch customresourcedefinitions.apiextensions.k8s.io',
      'create clusterrolebindings.rbac.authorization.k8s.io',
      'impersonate users',
      'list nodes',
    ]) {
      const answer = await may(ACCOUNT, what);
      console.log(`${ACCOUNT} may ${what}: ${answer}`);
      assert.is(answer, 'no', what);
    }
  });

  test('view sees, edit runs sessions, admin has pools', async () => {
    const roles = ['view', 'edit', 'admin'];
    for (const role of roles) {
      await kube.kubectl(['create', 'rolebinding', role, '-n', 'team-a', `--clusterrole=${role}`, `--user=with-${role}`]);
    }
    const answers = async (what: string): Promise<string> => (await Promise.all(roles.map((role) => may(`with-${role}`, what)))).join(' ');
    // Roles are aggregated by a controller, which takes its time.
    await until(async () => (await answers('create vmpools.berth.dev team-a')) === 'no no yes', 'aggregated roles', 60_000);
    for (const [what, expected] of [
      ['get sessions.berth.dev team-a', 'yes yes yes'],
      ['watch vms.berth.dev team-a', 'yes yes yes'],
      ['get sessions/log.output.berth.dev team-a', 'yes yes yes'],
      ['create sessions.berth.dev team-a', 'no yes yes'],
      ['patch sessions.berth.dev team-a', 'no yes yes'],
      ['delete sessions.berth.dev team-a', 'no yes yes'],
      ['patch sessions/status.berth.dev team-a', 'no no no'],
      ['create vmpools.berth.dev team-a', 'no no yes'],
      ['patch vmpools/scale.berth.dev team-a', 'no no yes'],
      ['patch vms.berth.dev team-a', 'no no yes'],
      ['create vms.berth.dev team-a', 'no no no'],
      ['get sessions.berth.dev team-b', 'no no no'],
    ] as const) {
      const found = await answers(what);
      console.log(`view, edit, admin may ${what}: ${found}`);
      assert.is(found, expected, what);
    }
    assert.is(await may('with-view', 'get leases.coordination.k8s.io berth-system berth-controller', ['system:authenticated']), 'yes');
  });

  test.after(async () => {
    await running?.end('SIGKILL');
    await stopRunsBelow(join(folder, 'state'));
    if (kube.variant === 'given') {
      await wipe(api);
      // First of all the API that nobody serves any more: no namespace goes before it.
      await kube.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: served.map((object) => JSON.stringify(object)).join('\n') });
      await kube.kubectl(['delete', 'namespace', 'team-a', 'team-b', '--ignore-not-found']);
    }
    await api.close();
    await kube.close();
    aggregation.close();
    rmSync(folder, { recursive: true, force: true });
  });
  test.run();
}
