// The short form of `npm run chaos`.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runChaos } from './chaos.ts';

const test = suite('chaos');

test('a controller killed at random moments loses no line, doubles no line, and starts nothing twice', async () => {
  const { judgements } = await runChaos({ kills: 10, sessions: 6, seed: 3 });
  const wrong = judgements.filter(({ problems }) => problems.length > 0);
  assert.equal(wrong, []);
});

test.run();
