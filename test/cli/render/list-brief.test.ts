// That lists show the same of a session whether or not it was read whole.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { queuePositions } from '../../../cli/queue.ts';
import { listJSON, listTable } from '../../../cli/render/list.ts';
import { isFinished } from '../../../cli/session.ts';
import type { Session } from '../../../controller/api/types.generated.ts';
import { briefOf } from '../../../controller/store/directory/brief.ts';
import { condition, NOW, pool, session } from '../build.ts';

const test = suite('brief sessions');

const OUTPUT = { bytes: 9, lines: 1, truncated: false, updatedTime: '2025-12-02T08:32:00Z' };

const sessions: readonly Session[] = [
  session('running', { vm: 'default-0', status: { output: { ...OUTPUT, tail: 'working' } } }),
  session('waiting', { vm: 'default-0', status: { conditions: [condition('WaitingForInput')] } }),
  session('queued', {
    phase: 'Pending',
    spec: { priority: 3, poolRef: { name: 'big' } },
    status: { conditions: [condition('Placed', 'False', 'PoolFull', 'no slot')] },
  }),
  session('quiet', { vm: 'default-0', status: { conditions: [condition('Started'), condition('Ready')] } }),
  session('next', { phase: 'Pending' }),
  session('unseen', { vm: 'default-1', status: { conditions: [condition('Placed'), condition('Ready', 'Unknown', 'VMUnreachable')] } }),
  session('failed', { vm: 'default-1', phase: 'Failed', status: { reason: 'DeadlineExceeded', message: 'after 1h' } }),
  session('done', { vm: 'default-1', phase: 'Completed', spec: { command: ['make', 'test'] } }),
  session('stopped', { phase: 'Pending', spec: { shutdown: 'Immediate' } }),
];
const brief = sessions.map((each) => briefOf(each) as Session);

test('are listed as the whole ones', () => {
  for (const [verbose, looked] of [
    [false, true],
    [true, true],
    [true, false],
  ] as const) {
    const options = { now: NOW, verbose, allNamespaces: true, looked };
    assert.is(listTable(brief, options), listTable(sessions, options));
  }
  assert.equal(listJSON(brief, queuePositions(brief), NOW), listJSON(sessions, queuePositions(sessions), NOW));
  assert.equal(brief.map(isFinished), sessions.map(isFinished));
});

test('leave out what no list shows', () => {
  const [running] = brief;
  assert.equal(running?.status?.output, OUTPUT);
  assert.equal(running?.status?.conditions, []);
  assert.not.ok(running && 'observedGeneration' in (running.status ?? {}));
});

test('other kinds stay whole', () => {
  const whole = pool('default');
  assert.is(briefOf(whole), whole);
});

test.run();
