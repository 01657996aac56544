// Files that are no manifests: each is answered with file, line, column and why, and disturbs nothing beside it.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../runner/skip.ts';
import { type FolderWorld, isOrdinary, openFolderWorld } from './folder-world.ts';
import { prompted, session, TICKING } from './manifest-texts.ts';
import { note } from './message-table.ts';

interface Bad {
  readonly input: string;
  readonly file: string;
  readonly content: string;
  /** Of the whole line: `file:line:column: why`. */
  readonly says: RegExp;
  /** Only the folder as a whole shows it, not the file alone. */
  readonly together?: true;
}

const HEAD = 'apiVersion: berth.dev/v1alpha1\nkind: Session\nmetadata: {name: NAME}\n';
const head = (name: string): string => HEAD.replace('NAME', name);
const DEPLOYMENT = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n';
const levels = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const BOMB = levels
  .map((name, index) => {
    const below = levels[index - 1];
    return `${name}: &${name} [${Array.from({ length: 9 }, () => (below === undefined ? 'lol' : `*${below}`)).join(', ')}]`;
  })
  .join('\n');

const BAD: readonly Bad[] = [
  { input: 'half-written YAML', file: 'half.yaml', content: `${head('half')}spec: {prompt: "implem`, says: /^half\.yaml:4:\d+: / },
  { input: 'a tab', file: 'tab.yaml', content: `${head('tab')}spec:\n\tprompt: x\n`, says: /^tab\.yaml:5:1: .*tab/ },
  {
    input: 'duplicate keys',
    file: 'keys.yaml',
    content: `${head('keys')}spec:\n  prompt: one\n  prompt: two\n`,
    says: /^keys\.yaml:6:3: key "prompt" is already set/,
  },
  {
    input: 'unknown kind',
    file: 'kind.yaml',
    content: 'apiVersion: berth.dev/v1alpha1\nkind: Sesion\nmetadata: {name: kind}\n',
    says: /^kind\.yaml:2:1: kind "Sesion" is not known/,
  },
  { input: 'unknown field', file: 'field.yaml', content: prompted('field', '  prompt: x\n  promt: y'), says: /^field\.yaml:7:3: .*promt/ },
  { input: 'prompt missing', file: 'none.yaml', content: prompted('none', '  maxTurns: 3'), says: /^none\.yaml:5:1: .*prompt/ },
  {
    input: 'prompt of 1 MiB',
    file: 'long.yaml',
    content: prompted('long', `  prompt: ${'x'.repeat(1024 * 1024)}`),
    says: /^long\.yaml: larger than 1 MiB/,
  },
  {
    input: 'prompt of 1 MiB less the file around it',
    file: 'longish.yaml',
    content: prompted('longish', `  prompt: ${'x'.repeat(1024 * 1024 - 200)}`),
    says: /^longish\.yaml:6:3: .*(32768|32,768)/,
  },
  { input: 'size xxl', file: 'size.yaml', content: prompted('size', '  prompt: x\n  size: xxl'), says: /^size\.yaml:7:3: .*"xxl".*"xl"/ },
  {
    input: 'maxTurns "ten"',
    file: 'turns.yaml',
    content: prompted('turns', '  prompt: x\n  maxTurns: "ten"'),
    says: /^turns\.yaml:7:3: .*maxTurns.*integer/,
  },
  { input: 'alias bomb', file: 'bomb.yaml', content: `${BOMB}\n`, says: /^bomb\.yaml:\d+:\d+: aliases stand for more than/ },
  {
    input: 'a file of 1,001 documents',
    file: 'many.yaml',
    content: Array.from({ length: 1001 }, (_, index) => `${head(`many-${index}`)}spec: {prompt: x}\n`).join('---\n'),
    says: /^many\.yaml:\d+:1: more than 1000 documents/,
  },
  {
    input: 'a kustomization among the files',
    file: 'kustom/kustomization.yaml',
    content: 'resources: [web.yaml]\n',
    says: /^kustom\/kustomization\.yaml: this folder is a kustomization: nothing in it is read/,
    together: true,
  },
  {
    input: 'two files defining the same name',
    file: 'twin.yaml',
    content: session('steady', 'echo other'),
    says: /^twin\.yaml:1:1: Session default\/steady is already defined in steady\.yaml/,
    together: true,
  },
];

const test = suite<{ world: FolderWorld; pid: string }>('bad input');

test.before(async (context) => {
  context.world = openFolderWorld();
  context.world.put(
    'steady.yaml',
    session('steady', `echo $$ > "$TICK_FILE"; ${TICKING}`, `  env: [{name: TICK_FILE, value: ${join(context.world.base, 'pid')}}]\n`),
  );
  await context.world.startController();
  await context.world.untilPhase('steady', 'Running');
  context.pid = await context.world.until('its process', () => processOf(context.world));
});
test.after(({ world }) => world.close());

test('is answered with file, line, column and why, wherever people look', async ({ world }) => {
  const before = await world.session('steady');
  for (const { file, content } of BAD) world.put(file, content);
  world.put('deployment.yaml', DEPLOYMENT);
  world.put('kustom/web.yaml', session('in-kustom', 'echo never'));
  world.put('good.yaml', session('good', 'echo fine'));

  await world.untilPhase('good', 'Completed');
  const client = await world.client();
  const wanted = BAD.filter(({ file }) => file !== 'half.yaml').length + 1;
  await world.until('all problems', async () => (await client.problems()).length >= wanted);
  const list = await world.berth('list');
  const status = await world.berth('status');
  const events = await world.berth('events', '-o', 'json');
  const told = (JSON.parse(events.out) as { events: { message: string }[] }).events.map(({ message }) => message);
  for (const { input, says } of BAD) {
    const line = list.err.split('\n').find((one) => says.test(one));
    assert.ok(line, `list says nothing like ${says} of ${input}, but: ${list.err}`);
    assert.ok(status.err.includes(line), `status does not say: ${line}`);
    assert.ok(world.log().includes(JSON.stringify(line).slice(1, -1)), `the log does not say: ${line}`);
    assert.ok(input.includes('kustomization') || told.includes(line), `no Event says: ${line}`);
    note(input, line);
  }
  assert.is(list.exit, 0);
  assert.not.match(list.err, /deployment|web\.yaml|good\.yaml/);
  assert.is(list.err.trim().split('\n').length, BAD.length, list.err);

  const after = await world.session('steady');
  assert.equal(
    [after?.metadata.uid, after?.metadata.generation, after?.spec],
    [before?.metadata.uid, before?.metadata.generation, before?.spec],
  );
  assert.equal((await client.list('Session')).map(({ metadata }) => metadata.name).sort(), ['good', 'steady']);
});

test('is answered the same by validate, which needs no controller', async ({ world }) => {
  const alone = BAD.filter(({ together }) => !together);
  const ran = await world.berth('validate', ...alone.flatMap(({ file }) => ['-f', join(world.root, file)]));
  assert.is(ran.exit, 2);
  const said = ran.err.replaceAll(`${world.root}/`, '').trim().split('\n');
  assert.is(said.length, alone.length, ran.err);
  for (const { input, says } of alone)
    assert.ok(
      said.some((line) => says.test(line)),
      `${input}: ${ran.err}`,
    );
  const { exit, err } = await world.berth('validate', '-f', world.root);
  assert.is(exit, 2);
  assert.match(err, /(steady|twin)\.yaml:1:1: .*already defined in .*(steady|twin)\.yaml/);
  assert.match(err, /kustomization\.yaml: this folder is a kustomization/);
});

test('in a running session’s own file leaves the last good state standing', async ({ world, pid }) => {
  const good = readFileSync(join(world.root, 'steady.yaml'), 'utf8');
  const client = await world.client();
  const before = await world.session('steady');
  writeFileSync(join(world.root, 'steady.yaml'), good.slice(0, good.indexOf('command') + 12));
  const problem = await world.until('the problem', async () => (await client.problems()).find(({ file }) => file === 'steady.yaml'));
  assert.type(problem.line, 'number');
  const after = await world.session('steady');
  assert.equal(
    [after?.metadata.uid, after?.metadata.generation, after?.spec],
    [before?.metadata.uid, before?.metadata.generation, before?.spec],
  );
  await world.until('the event', async () =>
    /ManifestNotTaken.*steady\.yaml:\d+:\d+/.test((await world.berth('events', 'steady')).out) ? true : undefined,
  );
  note('half-written YAML in a running session’s file', `steady.yaml:${problem.line}:${problem.column}: ${problem.message}`);
  world.put('steady.yaml', good);
  await world.until('it is mended', async () => !(await client.problems()).some(({ file }) => file === 'steady.yaml'));
  assert.is(processOf(world), pid);
});

test('goes from every answer once it is mended', async ({ world, pid }) => {
  for (const { file } of BAD) world.remove(file.startsWith('kustom') ? 'kustom' : file);
  const client = await world.client();
  await world.until('no problem', async () => (await client.problems()).length === 0);
  assert.is((await world.berth('list')).err, '');
  assert.is(processOf(world), pid);
  assert.is((await world.session('steady'))?.status?.phase, 'Running');
});

test('as links in a circle or files that are none is passed over and named', async ({ world }) => {
  mkdirSync(join(world.root, 'circle'));
  symlinkSync('../circle', join(world.root, 'circle', 'again'));
  symlinkSync('loop.yaml', join(world.root, 'loop.yaml'));
  symlinkSync('nowhere.yaml', join(world.root, 'dangling.yaml'));
  world.put('circle/inner.yaml', session('inner', 'echo found once'));
  await world.untilPhase('inner', 'Completed');
  const { err } = await world.berth('list');
  assert.match(err, /^loop\.yaml: a link that leads nowhere: ELOOP/m);
  assert.match(err, /^dangling\.yaml: a link that leads nowhere: ENOENT/m);
  assert.is(err.trim().split('\n').length, 2, err);
  note('symlink loop', err.split('\n').find((line) => line.startsWith('loop')) ?? '');
  note('symlink to nothing', err.split('\n').find((line) => line.startsWith('dangling')) ?? '');
  for (const path of ['loop.yaml', 'dangling.yaml', 'circle/again']) world.remove(path);
  const client = await world.client();
  await world.until('no problem', async () => (await client.problems()).length === 0, 5_000);
});

if (!isOrdinary) skip('an unreadable file or folder deletes nothing', 'we are root, and setpriv cannot drop its right to read everything');
else
  test('as an unreadable file or folder is named and deletes nothing', async ({ world, pid }) => {
    const client = await world.client();
    const shut = (path: string, mode: number): void => chmodSync(join(world.root, path), mode);
    shut('steady.yaml', 0);
    shut('circle', 0);
    // A mode gives no event; a new folder has everything looked at.
    mkdirSync(join(world.root, 'empty'));
    await world.until('both problems', async () => (await client.problems()).length >= 2);
    const { err } = await world.berth('list');
    assert.match(err, /^steady\.yaml: cannot be read: EACCES/m);
    assert.match(err, /^circle: cannot be read, so nothing is deleted: EACCES/m);
    note('unreadable file', err.split('\n').find((line) => line.startsWith('steady')) ?? '');
    note('unreadable folder', err.split('\n').find((line) => line.startsWith('circle')) ?? '');
    // Longer than a deletion would settle.
    world.put('later.yaml', session('later', 'sleep 5.5'));
    await world.untilPhase('later', 'Completed');
    assert.ok(await world.session('inner'));
    assert.is(processOf(world), pid);
    shut('steady.yaml', 0o644);
    shut('circle', 0o755);
    world.remove('empty');
    await world.until('no problem', async () => (await client.problems()).length === 0);
    assert.is((await world.session('steady'))?.status?.phase, 'Running');
  });

test.run();

/** The process of the session that is to be left alone, as it said itself, once at its start. */
function processOf({ base }: FolderWorld): string | undefined {
  try {
    const pid = readFileSync(join(base, 'pid'), 'utf8').trim();
    process.kill(Number(pid), 0);
    return pid;
  } catch {
    return undefined;
  }
}
