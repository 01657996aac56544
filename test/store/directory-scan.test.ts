// What a walk of the folder of manifests takes, passes over and complains of.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readManifestFile } from '../../controller/store/directory/manifest-file.ts';
import { scan } from '../../controller/store/directory/scan.ts';
import { session } from './directory-world.ts';

const test = suite('scan');

const inFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const put = (root: string, path: string, text = ''): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};

test('files that are no manifests are passed over, and so is the folder that is not to be read', () =>
  inFolder(async (root) => {
    for (const path of ['a.yaml', 'readme.md', 'state/b.yaml', '.hidden.yaml', 'sub/c.json']) put(root, path);
    const found = await scan(root, join(root, 'state'));
    assert.equal([...found.files.keys()].toSorted(), ['a.yaml', 'sub/c.json']);
    assert.equal(found.problems, []);
    assert.equal([...(await scan(root, undefined, { onlyNames: true })).files.values()], ['', '', '']);
  }));

test('links into dot-folders are followed, as ConfigMaps are mounted so; other links inside say nothing new', () =>
  inFolder(async (root) => {
    for (const path of ['..data/a.yaml', '..data/sub/b.yaml', '..data/readme.md', 'plain/c.yaml']) put(root, path);
    symlinkSync('..data/a.yaml', join(root, 'a.yaml'));
    symlinkSync('..data/sub', join(root, 'sub'));
    symlinkSync('..data/readme.md', join(root, 'readme.md'));
    symlinkSync('plain', join(root, 'again'));
    const found = await scan(root, undefined);
    assert.equal([...found.files.keys()].toSorted(), ['a.yaml', 'plain/c.yaml', 'sub/b.yaml']);
    assert.equal(found.problems, []);
  }));

test('links that lead out or nowhere are told where a manifest may be meant', () =>
  inFolder(async (base) => {
    const root = join(base, 'root');
    put(base, 'outside/x.md');
    mkdirSync(root);
    symlinkSync('nowhere', join(root, 'a.yaml'));
    symlinkSync('nowhere', join(root, 'a.md'));
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('../outside', join(root, 'out'));
    symlinkSync('../outside/x.md', join(root, 'out.md'));
    const found = await scan(root, undefined);
    assert.equal([...found.unreadable].toSorted(), ['a.yaml', 'loop', 'out']);
    assert.ok(found.isComplete);
  }));

test('a FIFO is not read, and nobody waits for its writer', () =>
  inFolder(async (root) => {
    execFileSync('mkfifo', [join(root, 'a.yaml')]);
    const found = await scan(root, undefined);
    assert.equal(found.problems, [{ file: 'a.yaml', message: 'not a regular file: not read' }]);
    assert.match(readManifestFile(root, 'a.yaml').problems[0]?.message ?? '', 'not a regular file');
  }));

test('folders are read so deep and no deeper', () =>
  inFolder(async (root) => {
    put(root, join(...Array(32).fill('d'), 'a.yaml'));
    put(root, join(...Array(33).fill('d'), 'b.yaml'));
    const found = await scan(root, undefined);
    assert.is(found.files.size, 1);
    assert.match(found.problems[0]?.message ?? '', 'more than 32 deep');
  }));

test('what cannot be read makes the walk incomplete, so that nothing is deleted for it', () =>
  inFolder(async (root) => {
    mkdirSync(join(root, '.berthignore'));
    put(root, 'a.yaml');
    const found = await scan(root, undefined);
    assert.equal([found.isComplete, found.hasIgnores, [...found.files.keys()]], [false, true, ['a.yaml']]);
    const noFolder = await scan(join(root, 'a.yaml'), undefined);
    assert.is(noFolder.isComplete, false);
    assert.is(noFolder.problems[0]?.file, join(root, 'a.yaml'));
  }));

test('one wrong document refuses its file, and each is told with its place', () =>
  inFolder(async (root) => {
    const problemsOf = (text: string) => {
      put(root, 'a.yaml', text);
      return readManifestFile(root, 'a.yaml').problems;
    };
    const document = (apiVersion: string, kind: string): string => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n`;
    assert.equal(problemsOf(document('apps/v1', 'Deployment')), []);
    const [twice] = problemsOf(`${session('x')}---\n${session('x')}`);
    assert.match(twice?.message ?? '', 'Session/default/x is defined twice');
    assert.ok((twice?.line ?? 0) > 5);
    assert.match(problemsOf(document('berth.dev/v1', 'Session'))[0]?.message ?? '', 'berth.dev/v1 is not known');
    const [machine] = problemsOf(document('berth.dev/v1alpha1', 'VM'));
    assert.equal([machine?.line, machine?.message], [2, 'VMs are made by the controller: define a VMPool instead']);
    assert.match(problemsOf(document('berth.dev/v1alpha1', 'Pool'))[0]?.message ?? '', 'kind "Pool" is not known');
    assert.match(readManifestFile(root, 'gone.yaml').problems[0]?.message ?? '', 'cannot be read');
  }));

test.run();
