import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FOUND } from './seeds.ts';
import { simulate } from './simulate.ts';

const test = suite('simulation');

for (const { seed, story } of FOUND) {
  test(`seed ${seed} stays right: ${story}`, async () => {
    assert.equal((await simulate(seed)).violations, []);
  });
}

test('the same seed tells the same story', async () => {
  const first = await simulate(7, { told: true });
  const second = await simulate(7, { told: true });
  assert.equal(second.fingerprint, first.fingerprint);
  assert.equal(second.story, first.story);
});

test('telling the story changes nothing in it', async () => {
  assert.is((await simulate(8)).fingerprint, (await simulate(8, { told: true })).fingerprint);
});

test('every world is large enough to be worth it', async () => {
  const { sessions, machines } = await simulate(9);
  assert.ok(sessions >= 50 && machines >= 8, `${sessions} sessions, ${machines} machines`);
});

test.run();
