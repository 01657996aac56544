import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { description, eventTable } from '../../../cli/render/describe.ts';
import { explainText } from '../../../cli/render/explain.ts';
import { alreadyOver, ended, killing, signalled } from '../../../cli/render/kill.ts';
import { countLines, lastLinesStart, outputHeader } from '../../../cli/render/output.ts';
import { planText } from '../../../cli/render/plan.ts';
import { problemLine } from '../../../cli/render/problems.ts';
import { resourceTable } from '../../../cli/render/resources.ts';
import { allStarted, monitorHint, provisioning, sessionBlock, starting, vmReady } from '../../../cli/render/start.ts';
import { age, cut, table } from '../../../cli/render/text.ts';
import { condition, NOW, pool, session, vm } from '../build.ts';

const test = suite('texts');
const VM = 'amplihack-azureuser-20251202-083000';

test('heads output as the tutorial does', () => {
  assert.is(
    outputHeader(session('sess-20251202-083022-a1b', { vm: VM }), 100, NOW),
    `=== Session: sess-20251202-083022-a1b ===
VM: amplihack-azureuser-20251202-083000
Status: running
Captured: 2025-12-02 08:32:45 (100 lines)

`,
  );
});

test('captured what has ended when its last byte came, and shows no VM where there is none', () => {
  const output = { bytes: 5, lines: 1, truncated: false, updatedTime: '2025-12-01T23:59:59Z' };
  assert.match(
    outputHeader(session('s', { phase: 'Completed', status: { output, conditions: [condition('Finished')] } }), 1, NOW),
    'Captured: 2025-12-01 23:59:59 (1 lines)',
  );
  assert.match(outputHeader(session('s', { phase: 'Pending' }), 0, NOW), 'VM: -\nStatus: pending\nCaptured: 2025-12-02 08:32:45 (0 lines)');
});

test('counts lines with and without a newline at the end', () => {
  for (const [text, lines] of [
    ['', 0],
    ['a', 1],
    ['a\n', 1],
    ['a\nb', 2],
    ['\n\n', 2],
  ] as const)
    assert.is(countLines(Buffer.from(text)), lines, text);
});

test('finds where the last lines begin, whatever the text', () => {
  void fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\n', 'bc'), { maxLength: 30 }), fc.nat(12), (parts, lines) => {
      const text = parts.join('');
      const all = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      const start = lastLinesStart(Buffer.from(text), lines);
      const expected = lines === 0 ? '' : all.slice(-lines).join('');
      // With exactly as many lines as wanted the first might begin before what we have: the caller has to look.
      if (start === undefined) assert.ok(all.length <= lines);
      else assert.is(text.slice(start), expected);
    }),
  );
});

test('words a kill as the tutorial does, and as SPEC adds', () => {
  assert.is(
    killing('sess-xxx') + signalled(false) + ended('killed', true),
    'Killing session: sess-xxx\n  Sending SIGTERM...\n  Session terminated.\nStatus updated: killed\n',
  );
  assert.is(signalled(true), '  Sending SIGKILL...\n');
  assert.is(alreadyOver('completed'), '  Already completed.\nStatus unchanged: completed\n');
  assert.is(ended('killed', false), '  Not started; removed from the queue.\nStatus updated: killed\n');
});

test('words a start as the tutorial does', () => {
  const pending = session('sess-20251202-083022-a1b', { phase: 'Pending', vm: VM });
  assert.is(
    starting(1) +
      provisioning({ othersExist: true, minutes: true }) +
      sessionBlock({ index: 1, count: 1, session: pending, vm: { name: VM, isNew: true } }) +
      vmReady(vm(VM)) +
      allStarted(1, [VM]) +
      monitorHint('amplihack remote', 'started'),
    `Starting 1 session(s)...

No capacity available on existing VMs.
Provisioning new VM... (this may take 4-7 minutes)

[1/1] sess-20251202-083022-a1b
  VM: amplihack-azureuser-20251202-083000 (provisioning new VM)
  Prompt: create a simple hello world Python script
  Status: pending

VM ready: amplihack-azureuser-20251202-083000
Session started on VM.
Sessions started. Use 'amplihack remote list' to monitor.
`,
  );
  assert.is(provisioning({ othersExist: false, minutes: false }), 'Provisioning new VM...\n\n');
  assert.match(sessionBlock({ index: 2, count: 3, session: pending, vm: { name: VM, isNew: false } }), `  VM: ${VM} (reused)\n`);
  assert.is(
    sessionBlock({ index: 1, count: 1, session: session('s', { phase: 'Pending', spec: { prompt: 'a\nb' } }) }),
    '[1/1] s\n  Prompt: a b\n  Status: pending\n\n',
  );
  assert.is(allStarted(3, [VM]), `All 3 sessions started on VM: ${VM}\n`);
  assert.is(allStarted(5, ['a-0', 'a-1']), 'All 5 sessions started on VMs: a-0, a-1\n');
});

test('ages in the largest unit that fits', () => {
  for (const [seconds, text] of [
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [3599, '59m'],
    [3600, '1h'],
    [86_399, '23h'],
    [86_400, '1d'],
    [9e6, '104d'],
    [-5, '0s'],
  ] as const) {
    assert.is(age('2025-12-02T08:32:45Z', NOW + seconds * 1000), text);
  }
});

test('cuts between characters, never inside one', () => {
  assert.is(cut('abc', 3), 'abc');
  assert.is(cut('abcd', 3), 'abc...');
  assert.is(cut('👍👍👍', 2), '👍👍...');
});

test('shows each kind in kubectl columns', () => {
  const options = { now: NOW, wide: false, allNamespaces: false };
  assert.is(
    resourceTable('Session', [session('s', { vm: 'default-0', status: { summary: 'hello' } })], options),
    'NAME   VM          STATUS    AGE   PROMPT\ns      default-0   running   2m    hello\n',
  );
  assert.match(
    resourceTable(
      'Session',
      [session('s', { phase: 'Failed', status: { phase: 'Failed', exitCode: 2, attempt: 1, reason: 'AgentFailed' } })],
      { ...options, wide: true, allNamespaces: true },
    ),
    /^NAMESPACE .* PROMPT\ndefault .*default {3}1 {9}2 {6}AgentFailed {3}create/,
  );
  assert.match(resourceTable('VMPool', [pool('default')], { ...options, wide: true }), /default +Local +0 +0 +0 +0 +Unknown +32m +false/);
  const full = {
    ...pool('p'),
    status: {
      vms: 2,
      hourlyUSD: '1.50',
      slots: { total: 8, used: 7, free: 1 },
      sessions: { pending: 3, running: 7 },
      conditions: [condition('Ready')],
    },
  };
  assert.match(resourceTable('VMPool', [full], options), /2 +1 +3 +7 +True/);
  const machine = {
    ...vm('v', { spec: { cordoned: true } }),
    status: { phase: 'Ready' as const, slots: 4, address: '10.0.0.4', sku: 'X', hourlyUSD: '1.0' },
  };
  assert.match(
    resourceTable('VM', [machine, { ...vm('w', { spec: { region: 'r' } }), status: {} }], { ...options, wide: true }),
    /Ready,Cordoned .*10\.0\.0\.4.*\n.*Creating .* r /,
  );
});

test('says whether a pool is paused', () => {
  const paused = { ...pool('p'), spec: { ...pool('p').spec, paused: true } };
  const priced = { ...pool('q'), status: { hourlyUSD: '1.50' } };
  assert.match(resourceTable('VMPool', [paused, priced], { now: NOW, wide: true, allNamespaces: false }), / true\nq .* 1\.50 +false\n$/);
});

test('takes rows that are shorter or longer than their titles', () => {
  assert.is(table([{ title: 'A' }, { title: 'B' }], [['x'], ['y', 'z', 'more']]), 'A   B\nx\ny   z   more\n');
});

test('describes an object with its events', () => {
  const event = {
    type: 'Normal',
    reason: 'PlacedSession',
    message: 'on\nit',
    kind: 'Session',
    namespace: 'default',
    name: 's',
    firstTime: '2025-12-02T08:30:00Z',
    lastTime: '2025-12-02T08:31:45Z',
    count: 2,
  } as const;
  const object = {
    ...session('s'),
    metadata: { ...session('s').metadata, labels: { a: 'b', c: 'd' }, deletionTimestamp: '2025-12-02T08:32:00Z' },
  };
  const text = description(object, 'Spec:\n  x: 1\n', [event], NOW);
  assert.match(text, 'Name:         s\nNamespace:    default\nLabels:       a=b, c=d\nAnnotations:  <none>\nKind:         Session\n');
  assert.match(text, 'Deleting:     since 2025-12-02T08:32:00Z\nSpec:\n  x: 1\nEvents:\n  LAST SEEN   TYPE');
  assert.match(text, '  1m          Normal   PlacedSession   session/s   on it (x2)\n');
  assert.match(description(session('s'), '', [], NOW), 'Events:        <none>\n');
  const older = { ...event, reason: 'First', count: 1, lastTime: '2025-12-02T08:30:00Z' };
  assert.match(eventTable([event, older], NOW), /First[\s\S]*PlacedSession/);
});

test('prints a plan with its reasons', () => {
  assert.is(planText({ pools: [] }), 'No pools.\n');
  const key = { namespace: 'default', name: 'default' };
  assert.is(
    planText({
      pools: [
        { pool: key, actions: [], waiting: [], offers: [{ size: 'l', sku: 'l', region: 'local', available: true, hourlyUSD: '0' }] },
        {
          pool: key,
          actions: [
            { do: 'createVM', on: 'default-0', because: '3 sessions fit nowhere', hourlyUSD: '1.008' },
            { do: 'placeSession', on: 's0', because: 'VM default-1 fits best' },
          ],
          waiting: [
            { session: 's', reason: 'PoolFull', message: '10 of 10 VMs', position: 1 },
            { session: 't', reason: 'PoolPaused', message: '', position: 2 },
          ],
          offers: [
            {
              size: 'l',
              sku: 'X16',
              region: 'westus3',
              available: false,
              hourlyUSD: '1.008',
              reason: 'QuotaExceeded',
              retryTime: 'T',
              message: '0 of\n0',
            },
            { size: 'l', sku: 'X16', region: 'eastus', available: true, hourlyUSD: '1.008', room: 3 },
            { size: 'l', sku: 'Y16', region: 'eastus', available: true },
            { size: 's', sku: 's', region: 'ssh', available: false, hourlyUSD: '0' },
          ],
        },
      ],
    }),
    `Pool default/default
  Nothing to do.

Pool default/default
  createVM default-0 ($1.008/h): 3 sessions fit nowhere
  placeSession s0: VM default-1 fits best
  Waiting:
    1. s: PoolFull: 10 of 10 VMs
    2. t: PoolPaused
  Offers:
    l X16 in westus3: $1.008/h, QuotaExceeded until T: 0 of 0
    l X16 in eastus: $1.008/h, room for 3
    l Y16 in eastus: price unknown
    s in ssh: $0/h, not available
`,
  );
});

test('names file, line and column as far as they are known', () => {
  assert.is(problemLine({ file: 'a.yaml', line: 3, column: 5, message: 'bad' }), 'a.yaml:3:5: bad\n');
  assert.is(problemLine({ file: 'a.yaml', line: 3, message: 'bad' }), 'a.yaml:3: bad\n');
  assert.is(problemLine({ file: 'a.yaml', message: 'bad' }), 'a.yaml: bad\n');
});

test('explains a field as kubectl does', () => {
  const field = {
    name: 'size',
    type: 'string',
    required: false,
    description: 'size is the size of VM. Unset means any, which lets the session share whatever the pool has free at that time.',
    enum: ['s', 'm'],
  };
  assert.is(
    explainText('Session', 'spec', {
      name: 'spec',
      type: 'Object',
      required: true,
      description: 'spec says what.',
      fields: [field, { ...field, name: 'x', description: '' }],
    }),
    `KIND:     Session
VERSION:  berth.dev/v1alpha1

FIELD:    spec <Object> -required-

DESCRIPTION:
    spec says what.

FIELDS:
  size <string>
    size is the size of VM. Unset means any, which lets the session share
    whatever the pool has free at that time.
    One of: s, m

  x <string>
    One of: s, m
`,
  );
  assert.not.match(explainText('VM', '', { name: 'VM', type: 'Object', required: false, description: 'd', fields: [] }), 'FIEL');
});

test.run();
