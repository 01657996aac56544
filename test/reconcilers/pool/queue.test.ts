import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { queue } from '../../../controller/reconcilers/pool/queue.ts';
import { session } from '../../builders/session.ts';

const test = suite('pool: queue');

const one = fc.record({
  name: fc.stringMatching(/^[ab]{1,3}$/),
  priority: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
  creationTimestamp: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-02T00:00:00Z'),
});

test('the queue is in order of priority, age and name, whatever the order they are read in', () => {
  void fc.assert(
    fc.property(fc.uniqueArray(one, { selector: ({ name }) => name }), (all) => {
      const sessions = all.map(({ name, priority, creationTimestamp }) =>
        session(name, { meta: { creationTimestamp }, spec: priority === undefined ? {} : { priority } }),
      );
      const told = queue(sessions).map(({ name, since, session: { spec } }) => ({ name, since, priority: spec.priority ?? 0 }));
      assert.is(told.length, all.length);
      told.slice(1).forEach((later, index) => {
        const earlier = told[index] ?? later;
        const isAfter =
          later.priority < earlier.priority ||
          (later.priority === earlier.priority &&
            (later.since > earlier.since || (later.since === earlier.since && later.name > earlier.name)));
        assert.ok(isAfter, `${JSON.stringify(later)} comes after ${JSON.stringify(earlier)}`);
      });
    }),
  );
});

test.run();
