import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { poolSettings } from '../../controller/api/settings.ts';
import { admit } from '../../controller/store/schema.ts';

const test = suite('settings');

test('the defaults of a pool are those of its schema', () => {
  const bare = { provider: { type: 'Local' as const }, sizes: [{ name: 'l' as const }] };
  const admitted = admit('VMPool', { metadata: { name: 'default' }, spec: bare });
  if ('errors' in admitted) throw new Error(JSON.stringify(admitted.errors));
  const settings: object = poolSettings(bare);
  for (const [name, value] of Object.entries(poolSettings(undefined))) {
    assert.is((admitted.object.spec as unknown as Record<string, unknown>)[name], value, name);
    assert.is((settings as Record<string, unknown>)[name], value, name);
  }
});

test('what a pool says stands', () => {
  assert.is(poolSettings({ provider: { type: 'Local' }, sizes: [{ name: 'l' }], maxVMs: 3 }).maxVMs, 3);
});

test.run();
