// Proves that each layer rule of biome.json bites: a rule that matches nothing looks just like one that is kept.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const repository = resolve(import.meta.dirname, '..', '..');

/** What must be refused: a file, a line in it, and words of the message. */
const refused: readonly (readonly [file: string, line: string, says: string])[] = [
  ['controller/api/a.ts', "import { x } from '../store/store.ts';", 'api imports nothing'],
  ['controller/api/b.ts', "import x from 'yaml';", 'api imports nothing'],
  ['controller/reconcilers/pool/decide.ts', "import { x } from '../../store/store-cache.ts';", 'Pure files import'],
  ['controller/reconcilers/pool/placement.ts', "import { x } from '../vm/decide.ts';", 'Pure files import'],
  ['controller/reconcilers/pool/sizing.ts', "import { x } from 'node:fs';", 'Pure files import'],
  ['controller/reconcilers/pool/status.ts', "import x from 'pino';", 'Pure files import'],
  ['controller/reconcilers/pool/act.ts', "import { x } from '../../provider/local/index.ts';", 'observe and act import'],
  ['controller/reconcilers/vm/observe.ts', "import { x } from '../../store/directory/store.ts';", 'observe and act import'],
  ['controller/reconcilers/index.ts', "import { x } from '../compose.ts';", 'What the kinds share'],
  ['controller/runtime/queue.ts', "import { x } from '../reconcilers/index.ts';", 'runtime imports'],
  ['controller/runtime/cache.ts', "import { x } from '../store/directory/store.ts';", 'runtime imports'],
  ['controller/store/store.ts', "import { x } from '../runtime/cache.ts';", 'The store contract'],
  ['controller/store/directory/store.ts', "import { x } from '../cluster/store.ts';", 'A store imports'],
  ['controller/store/cluster/store.ts', "import { x } from '../../reconcilers/index.ts';", 'A store imports'],
  ['controller/provider/provider.ts', "import { x } from '../store/store.ts';", 'The provider contract'],
  ['controller/provider/ssh/index.ts', "import { x } from '../local/index.ts';", 'A provider imports'],
  ['controller/provider/local/index.ts', "import { x } from '../../store/store.ts';", 'A provider imports'],
  ['controller/shell/local.ts', "import { x } from '../provider/provider.ts';", 'A shell imports'],
  ['controller/session/launch.ts', "import { x } from '../provider/local/index.ts';", 'The session on a VM'],
  ['controller/output/file.ts', "import { x } from '../store/store.ts';", 'The log store'],
  ['controller/server/server.ts', "import { x } from '../reconcilers/index.ts';", 'The server imports'],
  ['cli/commands/list.ts', "import { x } from '../../controller/compose.ts';", 'The command line imports'],
  ['cli/world.ts', "import { x } from '../controller/runtime/cache.ts';", 'The command line imports'],
  ['cli/render/list.ts', "import { x } from '../context.ts';", 'render turns data into text'],
  ['cli/render/text.ts', "import { x } from 'node:fs';", 'render turns data into text'],
  ['crds/generate.ts', "import { x } from '../test/fakes/clock.ts';", 'Nothing imports test/'],
  ['cli/commands/up.ts', "import { x } from '../../controller/main.ts';", 'The command line imports'],
  ['controller/compose.ts', "import { x } from '../test/fakes/clock.ts';", 'Nothing imports test/'],
  ['controller/reconcilers/vm/decide.ts', 'export const x = Date.now();', 'noRestrictedGlobals'],
  ['controller/reconcilers/vm/status.ts', 'export const x = process.pid;', 'noRestrictedGlobals'],
  ['controller/reconcilers/vm/classify.ts', 'export const x = Math.random();', 'draws no lots'],
  ['controller/runtime/retry.ts', 'export const x = setTimeout;', 'noRestrictedGlobals'],
  ['cli/render/plan.ts', 'export const x = performance.now();', 'noRestrictedGlobals'],
  ['controller/reconcilers/session/decide.ts', "export const x = fetch('');", 'noRestrictedGlobals'],
  ['controller/runtime/log.ts', 'export const x = process.env.HOME;', 'noProcessEnv'],
  ['cli/base.ts', 'export const x = process.env.HOME;', 'noProcessEnv'],
  ['controller/main.ts', "console.log('');", 'noConsole'],
  ['controller/shell/ssh.ts', 'export default 1;', 'noDefaultExport'],
  ['controller/store/open.ts', 'export const x = (y: any) => y;', 'noExplicitAny'],
  ['controller/server/page.ts', "Promise.reject(new Error('lost'));", 'noFloatingPromises'],
  ['controller/session/a.ts', "import { b } from './b.ts';\nexport const a = () => b;", 'noImportCycles'],
  ['controller/session/b.ts', "import { a } from './a.ts';\nexport const b = () => a;", 'noImportCycles'],
];

/** What must be left alone. */
const allowed: readonly (readonly [file: string, line: string])[] = [
  ['controller/reconcilers/session/model.ts', "import { x } from '../../api/clock.ts';"],
  ['controller/reconcilers/session/status.ts', "import { x } from './model.ts';"],
  ['controller/reconcilers/session/observe.ts', "import { x } from '../../provider/provider.ts';\nexport const y = Date.now();"],
  ['controller/runtime/informer.ts', "import { x } from '../store/store.ts';"],
  ['controller/provider/local/shell.ts', "import { x } from '../../shell/shell.ts';"],
  ['controller/config.ts', 'export const x = process.env.HOME;'],
  ['cli/real-parts.ts', "import { x } from '../controller/compose.ts';"],
  ['cli/commands/start.ts', "import { x } from '../../controller/store/open.ts';"],
  ['test/store/directory.test.ts', "import { x } from '../../controller/store/directory/store.ts';\nconsole.log(process.env.HOME);"],
];

const findings = lint([...refused, ...allowed]);
const test = suite('the layer rules');

for (const [file, line, says] of refused) {
  test(`refuse in ${file}: ${line.split('\n')[0]}`, () => {
    assert.ok(
      findings.some((finding) => finding.includes(`file=${file},`) && finding.includes(says)),
      findings.filter((finding) => finding.includes(file)).join('\n'),
    );
  });
}

for (const [file, line] of allowed) {
  test(`allow in ${file}: ${line.split('\n')[0]}`, () => {
    const against = /noRestricted|noProcessEnv|noConsole|no-random/;
    assert.equal(
      findings.filter((finding) => finding.includes(`file=${file},`) && against.test(finding)),
      [],
    );
  });
}

test.run();

/** One run over a project that holds only these files, as `title=…,file=…,…::message` lines. */
function lint(files: readonly (readonly [file: string, line: string, ...unknown[]])[]): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    for (const path of ['biome.json', '.gitignore', 'test/lint/no-random.grit']) cpSync(join(repository, path), join(root, path));
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    for (const [file, line] of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), `${line}\n`);
    }
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/biome'), ['lint', '--reporter=github', '--max-diagnostics=none'], {
      cwd: root,
      encoding: 'utf8',
    });
    return (stdout + stderr)
      .split('\n')
      .filter((line) => line.startsWith('::'))
      .map((line) => line.replace(`${root}/`, ''));
  } finally {
    rmSync(root, { recursive: true });
  }
}
