// Status in people's own files: written whole or not at all, and never so much that the file could not be read any more.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session } from '../../controller/api/types.generated.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { hashOf } from '../../controller/store/directory/manifest-file.ts';
import { SOURCE_ANNOTATION } from '../../controller/store/directory/merge.ts';
import { createMirror } from '../../controller/store/directory/mirror.ts';
import { readManifests } from '../../controller/store/yaml/read-manifests.ts';
import { session } from '../builders/session.ts';

const test = suite<{ root: string }>('directory mirror');

test.before.each((world) => {
  world.root = mkdtempSync(join(tmpdir(), 'berth-mirror-'));
});
test.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

const document = (name: string): string => `kind: Session  # mine\nmetadata: {name: ${name}}\nspec:\n  prompt: ${'work '.repeat(40)}\n`;

/** Writes what they are into the file that defines them, and gives what it is then. */
const mirrored = async (root: string, text: string, sessions: readonly Session[]): Promise<string> => {
  const path = join(root, 'f.yaml');
  writeFileSync(path, text);
  const byName = new Map(sessions.map((one) => [one.metadata.name, one]));
  const mirror = createMirror({
    root,
    clock: systemClock,
    objects: { get: (_: string, { name }: { name: string }) => byName.get(name) } as never,
    sources: { hash: () => hashOf(text), rewritten: () => undefined } as never,
  });
  for (const one of sessions) mirror.add(one);
  await mirror.close();
  return readFileSync(path, 'utf8');
};

const finished = (name: string, tail: string): Session =>
  session(name, {
    meta: { annotations: { [SOURCE_ANNOTATION]: 'f.yaml' } },
    status: { phase: 'Completed', output: { bytes: tail.length, lines: 1, truncated: false, updatedTime: '2026-01-01T00:00:00Z', tail } },
  });

test('what a crash left beside a file does not keep its status from being written', async ({ root }) => {
  writeFileSync(join(root, '.f.yaml.berth-tmp'), 'half');
  const text = await mirrored(root, document('a'), [finished('a', 'done\n')]);
  assert.ok(text.startsWith(`${document('a')}status:\n  phase: Completed\n`));
  assert.ok(text.endsWith('    tail: |\n      done\n'));
  assert.equal(readdirSync(root), ['f.yaml']);
});

test('many sessions of one file are written at once, and leave it far from too large to be read', async ({ root }) => {
  const names = Array.from({ length: 900 }, (_, n) => `s${n}`);
  const before = names.map(document).join('---\n');
  const all = names.map((name) => finished(name, 'a line of output\n'.repeat(240)));
  assert.match(await mirrored(root, names.slice(0, 9).map(document).join('---\n'), all.slice(0, 9)), 'a line of output');
  const text = await mirrored(root, before, all);
  assert.ok(text.length < 768 * 1024, `${text.length} characters`);
  const read = readManifests(text);
  if (!('documents' in read)) throw new Error(read.problem.message);
  assert.equal(
    read.documents.map(({ value }) => (value.status as { phase?: string } | undefined)?.phase),
    names.map(() => 'Completed'),
  );
  assert.is(text.split('# mine').length - 1, names.length);
});

test.run();
