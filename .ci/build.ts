// Builds dist/: one file for the command line's start, and a chunk for each part that is imported only when it is needed.
// Assets stay where they are: `new URL('./file', import.meta.url)` in a source file is rewritten to find the same file from dist/.
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

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

/** The imports of CommonJS packages are resolved by esbuild; those of Node's own modules still call `require`. */
const banner = "import { createRequire as berthCreateRequire } from 'node:module'; const require = berthCreateRequire(import.meta.url);";

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { berth: 'cli/bin.ts' },
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  legalComments: 'linked',
  banner: { js: banner },
  plugins: [assets],
  // Stays a package: its native part, which makes it several times as fast, can not be bundled.
  external: ['ssh2'],
  logLevel: 'warning',
  metafile: true,
  // What is wrong has been printed by then.
}).catch(() => process.exit(1));
await chmod(join(dist, 'berth.mjs'), 0o755);
await removeStale(new Set(Object.keys(metafile.outputs)));

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
