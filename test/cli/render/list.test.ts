import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { queuePositions } from '../../../cli/queue.ts';
import { listJSON, listTable } from '../../../cli/render/list.ts';
import { condition, NOW, session } from '../build.ts';

const test = suite('list');
const plain = { now: NOW, verbose: false, allNamespaces: false, looked: true };
const VM = 'amplihack-azureuser-20251202-083000';

test('prints the running session of the tutorial to the character', () => {
  assert.is(
    listTable([session('sess-20251202-083022-a1b', { vm: VM })], plain),
    `SESSION                    VM                              STATUS    AGE     PROMPT
sess-20251202-083022-a1b   amplihack-azureuser-20251202... running   2m      create a simple hello...
`,
  );
});

test('widens STATUS for a completed session as the tutorial does', () => {
  const completed = session('sess-20251202-083022-a1b', { vm: VM, phase: 'Completed', created: '2025-12-02T08:17:22Z' });
  assert.is(
    listTable([completed], plain),
    `SESSION                    VM                              STATUS     AGE     PROMPT
sess-20251202-083022-a1b   amplihack-azureuser-20251202... completed  15m     create a simple hello...
`,
  );
});

test('prints a night of work as the tutorial does', () => {
  const night = session('sess-20251202-170022-eve', {
    vm: 'amplihack-azureuser-20251202-170000',
    phase: 'Completed',
    created: '2025-12-01T18:00:22Z',
    spec: { prompt: 'comprehensive refactoring of authentication system with full test coverage' },
  });
  assert.match(listTable([night], plain), 'amplihack-azureuser-20251202... completed  14h     comprehensive refacto...\n');
});

test('never cuts an id, and never lets columns touch', () => {
  const id = 'a-name-of-sixty-three-characters-which-is-the-longest-there-is1';
  assert.is(id.length, 63);
  const [header, row] = listTable([session(id, { vm: 'default-0', spec: { prompt: 'short' } })], plain).split('\n');
  assert.ok(row?.startsWith(`${id}  default-0 `));
  assert.is(header?.indexOf('VM'), 65);
});

test('keeps a table a table when a prompt has lines and control characters', () => {
  const nasty = listTable([session('s', { spec: { prompt: 'one\ntwo\u001b[31m\tthree' } })], plain);
  assert.is(nasty.split('\n').length, 3);
  assert.match(nasty, 'one two [31m three\n');
});

test('shows a command where there is no prompt, and nothing where there is neither', () => {
  const { prompt: _, ...command } = session('s', { spec: { command: ['make', 'test'] } }).spec;
  assert.match(
    listTable(
      [
        { ...session('s'), spec: command },
        { ...session('t'), spec: {} },
      ],
      plain,
    ),
    'make test\n',
  );
});

test('says since when a session was not seen', () => {
  const unseen = session('s', { vm: 'v', status: { conditions: [condition('Started'), condition('Ready', 'Unknown', 'VMUnreachable')] } });
  assert.match(listTable([unseen], plain), ' (as of 2025-12-02T08:31:00Z)\n');
});

test('says since when of all that nobody has looked at, where there is something to look at', () => {
  const when = (parts: Parameters<typeof session>[1]) =>
    /\(as of (.*)\)/.exec(listTable([session('s', parts)], { ...plain, looked: false }))?.[1];
  const output = { bytes: 1, lines: 1, truncated: false, updatedTime: '2025-12-02T08:32:00Z' };
  assert.is(when({ vm: 'v', status: { output } }), '2025-12-02T08:32:00Z');
  assert.is(when({ vm: 'v', status: { conditions: [condition('Ready')] } }), '2025-12-02T08:31:00Z');
  assert.is(when({ vm: 'v', phase: 'Pending' }), '2025-12-02T08:30:22Z');
  assert.is(when({ phase: 'Pending' }), undefined);
  assert.is(when({ vm: 'v', phase: 'Completed' }), undefined);
});

test('cuts nothing and gives pool and reason when verbose, and the namespace for all of them', () => {
  const waiting = session('s', { phase: 'Pending', status: { reason: 'PoolFull', conditions: [] } });
  const text = listTable([waiting], { now: NOW, verbose: true, allNamespaces: true, looked: true });
  assert.match(text, /^NAMESPACE {2}SESSION {20}VM {30}STATUS {4}AGE {5}POOL {5}REASON {4}PROMPT\n/);
  assert.match(text, /pending {3}2m {6}default {2}PoolFull {2}create a simple hello world Python script\n$/);
});

test('names the pool when verbose', () => {
  const elsewhere = session('s', { spec: { poolRef: { name: 'gpu' } } });
  assert.match(listTable([elsewhere], { ...plain, verbose: true }), /running +2m +gpu +create/);
});

test('gives the JSON of the tutorial with the keys SPEC adds, in order', () => {
  const json = listJSON([session('sess-20251202-083022-a1b', { vm: VM })], new Map(), NOW + 43 * 60_000);
  assert.is(
    JSON.stringify(json, undefined, 2),
    `{
  "sessions": [
    {
      "session_id": "sess-20251202-083022-a1b",
      "vm_name": "amplihack-azureuser-20251202-083000",
      "status": "running",
      "prompt": "create a simple hello world Python script",
      "created_at": "2025-12-02T08:30:22Z",
      "age_minutes": 45,
      "awaiting_input": false
    }
  ]
}`,
  );
});

test('adds reason and place in the queue to a session that waits', () => {
  const waiting = [
    session('b', { phase: 'Pending', status: { reason: 'PoolFull' } }),
    session('a', { phase: 'Pending', status: { reason: 'PoolFull' } }),
    session('urgent', { phase: 'Pending', created: '2025-12-02T08:31:00Z', spec: { priority: 5 }, status: { reason: 'PoolFull' } }),
    session('elsewhere', { phase: 'Pending', spec: { poolRef: { name: 'other' } } }),
    session('placed', { phase: 'Pending', vm: 'v' }),
    session('done', { phase: 'Completed' }),
  ];
  const items = listJSON(waiting, queuePositions(waiting), NOW).sessions;
  assert.equal(
    items.map((item) => [item.session_id, item.queue_position, item.reason]),
    [
      ['b', 3, 'PoolFull'],
      ['a', 2, 'PoolFull'],
      ['urgent', 1, 'PoolFull'],
      ['elsewhere', 1, undefined],
      ['placed', undefined, undefined],
      ['done', undefined, undefined],
    ],
  );
  assert.is(items[0]?.vm_name, '');
});

test.run();
