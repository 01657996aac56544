// `berth migrate`: what the state of amplihack remote becomes, and what is said of the rest. The fixtures have the fields that its
// two programs write.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Migration, migrate } from '../../cli/migrate/manifests.ts';
import { parseRemoteState } from '../../cli/migrate/remote-state.ts';
import { realParts } from '../../cli/real-parts.ts';
import { runCLI } from './run-cli.ts';

const test = suite('migrate');
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/amplihack/${name}-remote-state.json`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'berth-'));
test.after(() => rmSync(folder, { recursive: true }));

const SESSION = {
  vm_name: 'vm',
  prompt: 'p',
  command: 'auto',
  max_turns: 10,
  status: 'pending',
  memory_mb: 16384,
  created_at: '2025-12-02T08:00:00',
};
const VM = { size: 'Standard_E16s_v5', capacity: 4, active_sessions: [], region: 'westus3', created_at: null };
const of = (sessions: object, vm_pool: object = { vm: VM }): Migration =>
  migrate(parseRemoteState(JSON.stringify({ sessions, vm_pool }), 'state.json'), { pool: 'default', namespace: undefined });
const poolSpec = ({ documents }: Migration): unknown => documents.find(({ kind }) => kind === 'VMPool')?.spec;

test('unfinished sessions and a pool of the VMs there are, oldest and most frequent first; all else in words', async () => {
  const { exit, out, err } = await runCLI(['migrate', fixture('python')]);
  assert.is(exit, 0);
  assert.is(
    out,
    `apiVersion: berth.dev/v1alpha1
kind: VMPool
metadata:
  name: default
spec:
  provider:
    type: Azure
    azure:
      regions:
      - westus3
      - eastus
  sizes:
  - name: l
  - name: s
---
apiVersion: berth.dev/v1alpha1
kind: Session
metadata:
  name: sess-20251202-084522-a1b2
spec:
  prompt: implement user authentication
  agent: amplihack
  mode: auto
  maxTurns: 10
  poolRef:
    name: default
  size: l
  region: westus3
  memoryMiB: 16384
---
apiVersion: berth.dev/v1alpha1
kind: Session
metadata:
  name: sess-20251202-084528-c3d4
spec:
  prompt: write unit tests for database layer
  agent: amplihack
  mode: ultrathink
  maxTurns: 20
  poolRef:
    name: default
  size: l
  region: westus3
  memoryMiB: 16384
`,
  );
  assert.is(
    err,
    `Note: VMPool default: its subscription is that of the Azure login, its resource group berth-default: the state names neither
Note: the VMs there are (amplihack-azureuser-20251202-084500, amplihack-azureuser-20251201-170000, amplihack-azureuser-20251202-090800) cannot be taken over, and cost money until they are deleted: berth makes its own
Note: session sess-20251202-084522-a1b2 runs on amplihack-azureuser-20251202-084500 and cannot be taken over: applied, it begins anew; end it there first
Note: sessions that have finished are not written, for applied they would run again: 1 completed, 1 killed
Note: the state does not say which repository a session works on: set spec.source, or the workspace is empty
Note: the state holds no credentials: store them with \`berth secret set\`, and name them in spec.env
`,
  );
});

test('what is written is what every store takes, from either program', async () => {
  const parts = realParts({});
  for (const [name, resources] of [
    ['python', 3],
    ['rust', 2],
  ] as const) {
    const directory = join(folder, name);
    const { exit, out } = await runCLI(['migrate', fixture(name), '-o', directory, '-n', 'team', '--pool', 'old']);
    assert.is(exit, 0);
    assert.equal(
      out.trim().split('\n').sort(),
      readdirSync(directory)
        .map((file) => join(directory, file))
        .sort(),
    );
    assert.equal(await parts.validate([directory], Readable.from([])), { documents: resources, problems: [] });
  }
  const session = readFileSync(join(folder, 'rust', 'session-sess-20260310-101500-9f3c.yaml'), 'utf8');
  for (const line of ['namespace: team', 'name: old', 'mode: fix', 'size: m', 'region: westus2', 'memoryMiB: 32768'])
    assert.match(session, line);
});

test('no file is written over', async () => {
  const directory = join(folder, 'twice');
  assert.is((await runCLI(['migrate', fixture('rust'), '-o', directory])).exit, 0);
  const again = await runCLI(['migrate', fixture('rust'), '-o', directory]);
  assert.equal(
    [again.exit, again.err],
    [1, `Error: ${join(directory, 'vmpool-default.yaml')} exists already\nHint: Name an empty directory with -o, or remove the file.\n`],
  );
  const [file = ''] = readdirSync(directory);
  assert.match((await runCLI(['migrate', fixture('rust'), '-o', join(directory, file)])).err, 'EEXIST');
});

test('the file of the original is read unless another is named', async () => {
  const { exit, err } = await runCLI(['migrate'], { env: { HOME: folder } });
  const path = join(folder, '.amplihack', 'remote-state.json');
  assert.equal([exit, err], [3, `Error: there is no ${path}\nHint: Name the file: berth migrate FILE\n`]);
  assert.match((await runCLI(['migrate', folder])).err, `Error: cannot read ${folder}: EISDIR`);
});

test('an empty state is nothing to write, and said to be', async () => {
  const file = join(folder, 'empty.json');
  writeFileSync(file, '\n');
  assert.equal(await runCLI(['migrate', file]), { exit: 0, out: '', err: `${file} has nothing that has not finished.\n` });
});

test('what is no state at all is refused', async () => {
  const file = join(folder, 'bad.json');
  for (const [text, message] of [
    ['{"sessions": {', 'not JSON: '],
    ['[]', 'not the state of amplihack remote: no object at the top'],
    ['{"sessions": []}', 'not the state of amplihack remote: "sessions" is no object'],
    ['{"vm_pool": 1}', 'not the state of amplihack remote: "vm_pool" is no object'],
  ] as const) {
    writeFileSync(file, text);
    const { exit, out, err } = await runCLI(['migrate', file]);
    assert.equal([exit, out], [2, '']);
    assert.match(err, `Error: ${file}: ${message}`);
  }
});

test('an entry that makes no sense is left out by name, and the exit code says so', async () => {
  const sessions = {
    'sess-1': { ...SESSION, memory_mb: undefined },
    'sess-2': { ...SESSION, max_turns: 0 },
    'sess-3': { ...SESSION, prompt: null },
    'sess-4': 'x',
    'sess-5': { ...SESSION, status: 'paused' },
    Sess_6: SESSION,
    'sess-7': { ...SESSION, prompt: ' ' },
    'sess-8': { ...SESSION, prompt: 'x'.repeat(32_769) },
    'sess-9': { ...SESSION, prompt: '€'.repeat(25_000) },
    'sess-10': { ...SESSION, command: 'dream' },
    'sess-11': SESSION,
  };
  const { documents, leftOut } = of(sessions, { vm: VM, other: { ...VM, capacity: 'four' } });
  assert.equal(
    documents.map(({ metadata }) => metadata.name),
    ['default', 'sess-11'],
  );
  assert.equal(leftOut, [
    'session sess-1: has no memory_mb',
    'session sess-2: max_turns is 0, not a whole number above 0',
    'session sess-3: prompt is null, not a text',
    'session sess-4: is no object',
    'VM other: capacity is "four", not a whole number above 0',
    'session Sess_6: its id cannot be the name of a resource',
    'session sess-10: its command "dream" is none of auto, ultrathink, analyze, fix',
    'session sess-5: its status "paused" is not known',
    'session sess-7: its prompt is empty',
    'session sess-8: its prompt is longer than 32768 characters or 64 KiB',
    'session sess-9: its prompt is longer than 32768 characters or 64 KiB',
  ]);
  const file = join(folder, 'partly.json');
  writeFileSync(file, JSON.stringify({ sessions: { 'sess-4': 'x' } }));
  assert.equal(await runCLI(['migrate', file]), { exit: 1, out: '', err: 'Left out: session sess-4: is no object\n' });
});

test('a VM of another SKU keeps it, by its capacity; what is not known of it is said', () => {
  const made = of({ s: SESSION }, { vm: { ...VM, size: 'Standard_D32s_v3' }, second: { ...VM, capacity: 3 } });
  assert.equal(poolSpec(made), {
    provider: { type: 'Azure', azure: { regions: ['westus3'] } },
    sizes: [{ name: 'l', skus: ['Standard_D32s_v3', 'Standard_E16s_v5'], slots: 3 }],
  });
  assert.ok(
    made.notes.includes('size l: the memory of Standard_D32s_v3 is not known, and 128 GiB are assumed: set memoryMiB where that is wrong'),
  );
});

test('a VM that no size fits, or without a region, makes no pool', () => {
  const { documents, leftOut, notes } = of(
    { s: SESSION },
    { vm: { ...VM, region: 'default' }, odd: { ...VM, size: 'Standard_D2s_v3', capacity: 3 } },
  );
  assert.equal(
    documents.map(({ kind }) => kind),
    ['Session'],
  );
  assert.equal(documents[0]?.spec, {
    prompt: 'p',
    agent: 'amplihack',
    mode: 'auto',
    maxTurns: 10,
    poolRef: { name: 'default' },
    size: 'l',
    memoryMiB: 16384,
  });
  assert.equal(leftOut, [
    `VM vm: its region "default" is none of Azure's`,
    'VM odd: no size has its SKU Standard_D2s_v3 or its capacity of 3 sessions',
  ]);
  assert.match(notes[0] ?? '', /^the state knows no VM to make a pool from: write VMPool default yourself/);
});

test('a session asks for no size that the pool has not', () => {
  const { documents } = of(
    { s: { ...SESSION, vm_name: 'big' } },
    { vm: VM, big: { ...VM, size: 'Standard_E32s_v5', capacity: 8, region: 'unknown' } },
  );
  assert.equal(
    documents.map(({ spec }) => 'size' in spec),
    [false, false],
  );
});

test('a session whose VM is not known may go anywhere, and that is said', () => {
  const { documents, notes } = of({ s: { ...SESSION, vm_name: 'lost' } });
  assert.equal(Object.keys(documents[1]?.spec ?? {}), ['prompt', 'agent', 'mode', 'maxTurns', 'poolRef', 'memoryMiB']);
  assert.ok(notes.includes('session s: its VM lost is not in the state: it may be placed on any VM of the pool'));
});

test('a pool has room for all the VMs there were, and sessions of the same moment go by name', () => {
  const vms = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`vm-${n}`, VM]));
  const made = of({ b: SESSION, a: SESSION, c: { ...SESSION, created_at: '2025-12-01T08:00:00' } }, vms);
  assert.is((poolSpec(made) as { readonly maxVMs?: number }).maxVMs, 12);
  assert.equal(
    made.documents.slice(1).map(({ metadata }) => metadata.name),
    ['c', 'a', 'b'],
  );
});

test.run();
