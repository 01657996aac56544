// The parts as they really are: the one file of the command line that reaches into the controller. Every import is made
// by the function that needs it.
import { existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { OperatorError } from '../controller/api/error.ts';
import { API_VERSION, keyString, type ObjectKey } from '../controller/api/object.ts';
import type { Manifest, Problem } from '../controller/store/client.ts';
import type { Position } from '../controller/store/yaml/read-manifests.ts';
import type { Parts, Target } from './parts.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Input = AsyncIterable<Uint8Array | string>;

export const realParts = (env: Env): Parts => ({
  openClient: async (target) => (await open(target, env)).client,
  runController: async (options) => {
    const { runController } = await import('../controller/main.ts');
    await runController(options);
  },
  spawnController: async (target) => {
    const { root, stateFolder } = await open(target, env);
    if (root === undefined) throw new OperatorError('invalid', 'a cluster runs its own controller: install it there, or run `controller`');
    const { spawnDetached } = await import('./spawn-detached.ts');
    return spawnDetached(['controller', '--store', `dir:${root}`, '--state', stateFolder], join(stateFolder, 'controller.log'));
  },
  hasUnread: async (target, key) => hasUnread(await open(target, env), key),
  plan: async (target) => {
    const [{ plan }, { modules }] = await Promise.all([import('../controller/plan.ts'), import('../controller/compose.ts')]);
    const { client, config, stateFolder } = await open(target, env);
    return plan(client, modules(config, stateFolder), Date.now());
  },
  attach: async (target, session) => {
    const [{ attach }, { modules }, { readSecret }] = await Promise.all([
      import('../controller/attach.ts'),
      import('../controller/compose.ts'),
      import('../controller/store/directory/secrets.ts'),
    ]);
    const { client, config, stateFolder, keep, secret: inCluster } = await open(target, env);
    const secret = inCluster ?? (async (key: ObjectKey) => readSecret(stateFolder, env, key));
    const terminal = { input: process.stdin, output: process.stdout, type: env.TERM || 'xterm' };
    return attach(client, modules(config, stateFolder, secret, keep), session, terminal);
  },
  writeYAML: async (data) => (await import('../controller/store/yaml/write.ts')).writeYAML(data),
  readManifests,
  validate,
  explain: async (kind, path) => (await import('../controller/store/schema/explain.ts')).explain(kind, path),
});

const open = async (target: Target, env: Env) => {
  const [{ openClient, parseTarget }, { readConfig }, { keepAlive, systemClock: clock }] = await Promise.all([
    import('../controller/store/open.ts'),
    import('../controller/config.ts'),
    import('../controller/runtime/clock.ts'),
  ]);
  const config = readConfig(target, env);
  const { state, stateHome, kubeconfig } = config;
  const { namespace, allNamespaces } = target;
  const store = parseTarget(config.store, config.directory);
  // While a cut watch waits to connect again, nothing else would keep a command from ending in silence.
  if (store.type === 'cluster') keepAlive();
  const remote = { clock, random: Math.random, environment: env, kubeconfig, namespace, allNamespaces };
  return { config, ...(await openClient(store, { state, stateHome, now: Date.now, ...remote })) };
};

/** Files that the state knows as somebody's source are passed over, and what reads manifests is loaded only for others. */
const hasUnread = async ({ client, root, stateFolder }: Awaited<ReturnType<typeof open>>, wanted?: ObjectKey): Promise<boolean> => {
  if (root === undefined || !existsSync(root)) return false;
  const [{ scan }, { SOURCE_ANNOTATION }] = await Promise.all([
    import('../controller/store/directory/scan.ts'),
    import('../controller/store/directory/merge.ts'),
  ]);
  const known = [...(await client.list('Session', { brief: true })), ...(await client.list('VMPool'))];
  const sources = new Set(known.map(({ metadata }) => metadata.annotations?.[SOURCE_ANNOTATION]));
  const unread = [...(await scan(root, stateFolder, { onlyNames: true })).files.keys()].filter((file) => !sources.has(file));
  if (unread.length === 0) return false;
  const [{ readManifestFile }, { tombstonePath }] = await Promise.all([
    import('../controller/store/directory/manifest-file.ts'),
    import('../controller/store/directory/state-folder.ts'),
  ]);
  const names = new Set(known.map(({ kind, metadata }) => `${kind} ${keyString(metadata)}`));
  return unread
    .flatMap((file) => readManifestFile(root, file).documents)
    .some(
      ({ kind, key }) =>
        kind === 'Session' &&
        (wanted === undefined || keyString(key) === keyString(wanted)) &&
        !names.has(`${kind} ${keyString(key)}`) &&
        !existsSync(tombstonePath(stateFolder, kind, key)),
    );
};

async function readManifests(path: string, stdin: Input): Promise<readonly Manifest[]> {
  const { readManifests: parse } = await import('../controller/store/yaml/read-manifests.ts');
  const manifests: Manifest[] = [];
  for (const { file, text } of await readSources(path, stdin)) {
    const parsed = parse(text);
    if ('problem' in parsed) throw new OperatorError('invalid', place(file, parsed.problem));
    for (const document of parsed.documents) {
      const at = ({ line, column }: Position) => `${file}:${line}:${column}`;
      const locate = (path: string) => at(path === '' ? document : document.locate(path));
      if (isOurs(document.value)) manifests.push({ document: document.value, origin: at(document), locate });
    }
  }
  return manifests;
}

/** Documents of other API groups are not ours to judge. */
const isOurs = (document: Readonly<Record<string, unknown>>): boolean =>
  typeof document.apiVersion === 'string' && document.apiVersion.startsWith(API_VERSION.slice(0, API_VERSION.indexOf('/') + 1));

const place = (file: string, { line, column, message }: Omit<Problem, 'file'>): string =>
  `${[file, ...(line === undefined ? [] : [line]), ...(column === undefined ? [] : [column])].join(':')}: ${message}`;

const readSources = async (path: string, stdin: Input): Promise<readonly { readonly file: string; readonly text: string }[]> => {
  const { readAll } = await import('./bytes.ts');
  if (path === '-') return [{ file: '-', text: (await readAll(stdin)).toString('utf8') }];
  const { readFile } = await import('node:fs/promises');
  try {
    return await Promise.all((await filesOf(path)).files.map(async (file) => ({ file, text: await readFile(file, 'utf8') })));
  } catch (error) {
    throw new OperatorError('invalid', `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};

interface Found {
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/** A folder's manifests as the directory store would find them, sorted, and what it would say of the folder. */
const filesOf = async (path: string): Promise<Found> => {
  const { stat } = await import('node:fs/promises');
  if (!(await stat(path)).isDirectory()) return { files: [path], problems: [] };
  const { scan } = await import('../controller/store/directory/scan.ts');
  const { files, problems } = await scan(resolve(path), undefined);
  return {
    files: [...files.keys()].sort().map((file) => join(path, file)),
    problems: problems.map((problem) => ({ ...problem, file: problem.file.startsWith('/') ? problem.file : join(path, problem.file) })),
  };
};

async function validate(
  paths: readonly string[],
  stdin: Input,
): Promise<{ readonly documents: number; readonly problems: readonly Problem[] }> {
  const { readManifestFile } = await import('../controller/store/directory/manifest-file.ts');
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const { file, path } of await namedFiles(paths, stdin, problems)) {
    const read = readManifestFile('/', relative('/', path));
    problems.push(...read.problems.map((problem) => ({ ...problem, file })));
    for (const { id, line, column } of read.documents) {
      const first = seen.get(id);
      if (first === undefined) seen.set(id, file);
      else problems.push({ file, line, column, message: `${id} is already defined in ${first}: remove one` });
    }
  }
  return { documents: seen.size, problems };
}

/** Standard input goes through a file of its own: what is checked is read exactly as the store reads it. */
const namedFiles = async (
  paths: readonly string[],
  stdin: Input,
  problems: Problem[],
): Promise<readonly { readonly file: string; readonly path: string }[]> => {
  const named: { readonly file: string; readonly path: string }[] = [];
  for (const path of paths) {
    if (path === '-') named.push({ file: '-', path: await spool(stdin) });
    else {
      const found = await filesOf(path).catch((error: unknown) =>
        Promise.reject(new OperatorError('invalid', `cannot read ${path}: ${String(error)}`, { cause: error })),
      );
      problems.push(...found.problems);
      named.push(...found.files.map((file) => ({ file, path: resolve(file) })));
    }
  }
  return named;
};

const spool = async (stdin: Input): Promise<string> => {
  const [{ readAll }, { mkdtemp, writeFile }, { tmpdir }] = await Promise.all([
    import('./bytes.ts'),
    import('node:fs/promises'),
    import('node:os'),
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'berth-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'stdin.yaml');
  await writeFile(path, await readAll(stdin), { mode: 0o600 });
  return path;
};
