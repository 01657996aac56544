import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { afterwards, type Ended, FIRST_STATE, type WatchState } from '../../../controller/store/cluster/watch-state.ts';

const test = suite('watch state');
const watching: WatchState = { ...FIRST_STATE, step: 'watch', version: '7' };
const closed = (more: Partial<Ended> = {}): Ended => ({ how: 'closed', version: '8', lastedMs: 10, hadNews: true, ...more }) as Ended;
const barren = closed({ hadNews: false });

test('begins by streaming what exists, and lists it where that is refused', () => {
  assert.is(FIRST_STATE.step, 'stream');
  const { state, pauseMs } = afterwards(FIRST_STATE, { how: 'refused' });
  assert.equal([state.step, state.canStream, pauseMs], ['list', false, 0]);
  assert.equal(afterwards(state, { how: 'listed', version: '5' }).state.step, 'watch');
  assert.is(afterwards({ ...state, version: '5', step: 'watch' }, { how: 'expired' }).state.step, 'list');
});

test('goes on from the last version after a pause, and at once after a long healthy connection', () => {
  assert.equal(afterwards(watching, closed()), { state: { ...watching, version: '8', failures: 1 }, pauseMs: 800 });
  const healthy = afterwards({ ...watching, failures: 4 }, closed({ lastedMs: 300_000 }));
  assert.equal([healthy.state.failures, healthy.pauseMs], [0, 0]);
});

test('pauses longer with every failure, up to half a minute, and as long as the server asks', () => {
  let state = { ...watching, version: '' };
  const pauses: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    const next = afterwards(state, closed({ hadNews: false, version: '' }));
    state = next.state;
    pauses.push(next.pauseMs);
  }
  assert.equal(pauses, [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  assert.is(afterwards(watching, closed({ askedMs: 45_000 })).pauseMs, 45_000);
});

test('begins anew when the version has expired, also when a server only closes and closes', () => {
  const expired = afterwards(watching, { how: 'expired' });
  assert.equal([expired.state.step, expired.state.version, expired.pauseMs], ['stream', '', 800]);
  let state = watching;
  for (let n = 0; n < 4; n += 1) state = afterwards(state, barren).state;
  assert.is(state.step, 'watch');
  assert.is(afterwards(state, barren).state.step, 'stream');
  assert.is(afterwards(afterwards(state, closed()).state, barren).state.step, 'watch');
});

test('what broke before all that exists was known begins anew', () => {
  assert.is(afterwards(FIRST_STATE, closed({ version: '' })).state.step, 'stream');
});

test.run();
