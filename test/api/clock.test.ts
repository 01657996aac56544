import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTime, timestamp } from '../../controller/api/clock.ts';

const test = suite('times');

test('prints whole seconds, whatever was printed before', () => {
  assert.is(timestamp(Date.UTC(2026, 0, 5, 8) + 999), '2026-01-05T08:00:00Z');
  assert.is(timestamp(Date.UTC(2026, 0, 5, 8)), '2026-01-05T08:00:00Z');
  assert.is(timestamp(Date.UTC(2026, 0, 5, 8) + 1000), '2026-01-05T08:00:01Z');
  assert.is(timestamp(-1), '1969-12-31T23:59:59Z');
});

test('reads what it printed, also after very many other times', () => {
  for (let second = 0; second <= 60_000; second++) assert.is(parseTime(timestamp(second * 1000)), second * 1000);
  assert.is(parseTime('1970-01-01T00:00:01Z'), 1000);
  assert.ok(Number.isNaN(parseTime('')));
  assert.ok(Number.isNaN(parseTime('')));
});

test.run();
