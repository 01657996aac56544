import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { poolNameOf } from '../../../controller/reconcilers/session/facts.ts';
import { missingSecret, secretEnv, secretNames } from '../../../controller/reconcilers/session/secrets.ts';
import { summaryOf } from '../../../controller/reconcilers/session/summary.ts';
import { session } from '../../builders/session.ts';

const test = suite('session: summary, facts and secrets');

test('a summary is one line of at most 48 characters, whatever the prompt', () => {
  void fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (prompt) => {
      const summary = summaryOf({ prompt });
      assert.ok([...summary].length <= 48);
      assert.not.match(summary, /\p{Cc}/u);
    }),
  );
});

test('a summary is the prompt, cut with an ellipsis, or else the command', () => {
  assert.is(summaryOf({ prompt: ' fix\n the\tbug ' }), 'fix the bug');
  assert.is(summaryOf({ prompt: 'x'.repeat(48) }), 'x'.repeat(48));
  assert.is(summaryOf({ prompt: 'x'.repeat(49) }), `${'x'.repeat(47)}…`);
  assert.is(summaryOf({ prompt: '🚢'.repeat(48) }), '🚢'.repeat(48));
  assert.is(summaryOf({ command: ['make', 'test'] }), 'make test');
  assert.is(summaryOf({}), '');
});

test('a session that names no pool belongs to the one named default', () => {
  assert.is(poolNameOf(session('a')), 'default');
  assert.is(poolNameOf(session('a', { spec: { poolRef: { name: 'big' } } })), 'big');
});

test('what is missing of a secret is said with what mends it', () => {
  const env = [
    { name: 'A', value: 'plain' },
    { name: 'K', secretRef: { name: 'keys', key: 'api' } },
  ];
  const needy = session('a', { spec: { env, source: { git: { url: 'https://x', secretRef: { name: 'git' } } } } });
  assert.equal(secretNames(needy), ['keys', 'git']);
  assert.equal(secretNames(session('a')), []);
  const find = (secrets: Record<string, Record<string, string>>) => (name: string) => secrets[name];
  assert.is(missingSecret(needy, find({})), 'there is no secret keys in namespace default: create it with "berth secret set keys KEY"');
  assert.is(missingSecret(needy, find({ keys: {}, git: {} })), 'secret keys has no key api: add it with "berth secret set keys api"');
  assert.is(missingSecret(needy, find({ keys: { api: 's' }, git: {} })), undefined);
  assert.is(missingSecret(session('a'), find({})), undefined);
  assert.equal(secretEnv(needy, find({ keys: { api: 's' } })), { K: 's' });
  assert.equal(secretEnv(needy, find({})), {});
  assert.equal(secretEnv(session('a'), find({})), {});
});

test.run();
