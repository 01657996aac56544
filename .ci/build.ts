// Builds dist/: the entry, all that is ours in one file whose parts run when they are first imported, and a file for each
// package. CommonJS, as that starts in half the time of the many small ES modules that splitting at each import() makes.
// Assets stay where they are: `new URL('./file', import.meta.url)` in a source file is rewritten to find the same file from dist/.
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** An asset's address in a source file: the only use of `import.meta` that can mean the same in a bundle. */
const assetAddress = /new URL\(\s*(['"])([^'"`]+)\1,\s*import\.meta\.url,?\s*\)/g;

const assets: Plugin = {
  name: 'assets',
  setup(hooks) {
    hooks.onLoad({ filter: /\/(cli|controller)\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replace(assetAddress, (_, _quote, asset: string) => {
        const fromDist = relative(dist, resolve(dirname(path), asset)) + (asset.endsWith('/') ? '/' : '');
        return `new URL(${JSON.stringify(fromDist)}, import.meta.url)`;
      });
      const errors = misuses(source.replace(assetAddress, '')).map((text) => ({ text: `${relative(root, path)}: ${text}` }));
      return { contents, loader: 'ts', errors };
    });
  },
};

const packages = new Set<string>();

/** Files of their own: most commands need none but clipanion. */
const apart: Plugin = {
  name: 'packages',
  setup(hooks) {
    hooks.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point' || isBuiltin(path)) return undefined;
      packages.add(path);
      return { path: `./${fileOf(path)}.cjs`, external: true };
    });
  },
};

const fileOf = (name: string): string => name.replace('@', '').replaceAll('/', '-');

/** The entry loads the bundle as what it becomes. */
const entry: Plugin = {
  name: 'entry',
  setup(hooks) {
    hooks.onLoad({ filter: /\/cli\/bin\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace("'./main.ts'", "'./main.cjs'"),
      loader: 'ts',
    }));
  },
};

const bundle = async (options: BuildOptions): Promise<readonly string[]> => {
  const { metafile } = await build({
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    platform: 'node',
    target: 'node22',
    // Less to read at each start, and stacks that still say where.
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: 'linked',
    logLevel: 'warning',
    metafile: true,
    ...options,
    // What is wrong has been printed by then.
  }).catch(() => process.exit(1));
  return Object.keys(metafile?.outputs ?? {});
};
const commonJS: BuildOptions = { format: 'cjs', outExtension: { '.js': '.cjs' } };
const built = [
  ...(await bundle({
    ...commonJS,
    entryPoints: ['cli/main.ts'],
    plugins: [assets, apart],
    define: { 'import.meta.url': 'berthURL' },
    banner: { js: "const berthURL = require('node:url').pathToFileURL(__filename).href;" },
  })),
  ...(await bundle({ ...commonJS, entryPoints: Object.fromEntries([...packages].map((name) => [fileOf(name), name])) })),
  // Last: it finds the others in place.
  ...(await bundle({ format: 'esm', outExtension: { '.js': '.mjs' }, entryPoints: { berth: 'cli/bin.ts' }, plugins: [entry] })),
];
await chmod(join(dist, 'berth.mjs'), 0o755);
await removeStale(new Set(built));

/** Only once the new files are there: a command that starts meanwhile finds the old ones or the new ones. */
async function removeStale(built: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(dist)) {
    if (!built.has(join('dist', name))) await rm(join(dist, name), { recursive: true });
  }
}

/** What works from source and means something else in a bundle. */
function misuses(source: string): readonly string[] {
  const places = source.match(/import\.meta\.(url|dirname|filename)/g) ?? [];
  const packages = source.match(/import\((['"])(?!\.|node:)[^'"]+\1\)/g) ?? [];
  return [
    ...places.map((use) => `${use} is another place in dist/: address files as new URL('./file', import.meta.url)`),
    ...packages.map((use) => `${use} loses the names a CommonJS package exports: import it in a file of ours and import() that`),
  ];
}
