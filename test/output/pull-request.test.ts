// Finding the pull request in a log.
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NOTHING_SCANNED, pullRequestURL, scanForPullRequest } from '../../controller/output/pull-request.ts';

const test = suite('pull request');
const scan = (...parts: readonly string[]) =>
  pullRequestURL(parts.reduce((found, part) => scanForPullRequest(found, Buffer.from(part, 'latin1')), NOTHING_SCANNED));

const A = 'https://github.com/user/repo/pull/45';
const B = 'https://github.com/other/thing/pull/9';

test('is the last address', () => assert.is(scan(`${A}\n${B}\n`), B));
test('is the address on the line that says ready, whatever follows', () => assert.is(scan(`PR #45 ready for merge: ${A}\nsee ${B}\n`), A));
test('may be a merge request of a sub-group', () =>
  assert.is(scan('https://git.example:8443/a/b/c/-/merge_requests/3.'), 'https://git.example:8443/a/b/c/-/merge_requests/3'));
test('ends where colours and JSON begin', () => {
  assert.is(scan(`\x1b[36m${A}\x1b[0m`), A);
  assert.is(scan(`{"text":"made ${A}\\n"}`), A);
});
test('is none where there is none', () => {
  assert.is(scan('http://github.com/a/b/pull/1 https://github.com/a/pull/1 /pull/', 'more'), undefined);
});
test('is found however the bytes arrive', () =>
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 120 }), { maxLength: 6 }), (cuts) => {
      const text = `${'x'.repeat(20)}\nPR #45 ready for merge: ${A}\nseen ${B}\n`;
      const ends = [...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
      assert.is(scan(...ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end))), A);
    }),
  ));

test.run();
