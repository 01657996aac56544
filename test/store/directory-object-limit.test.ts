import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { objectID } from '../../controller/store/directory/manifest-file.ts';
import { limitObjects } from '../../controller/store/directory/object-limit.ts';
import type { Resolution } from '../../controller/store/directory/resolve.ts';
import { session } from '../builders/session.ts';

const test = suite('limit of objects in a directory');

const id = objectID('Session', { namespace: 'default', name: 'a' });
const creation: Resolution = { isDone: true, create: session('a') };

test('new objects are taken up to 50,000, and those beyond wait and say why', () => {
  const limited = limitObjects(49_999);
  assert.is(limited(creation, id), creation);
  assert.equal(limited(creation, id, 'a.yaml'), {
    isDone: false,
    problem: {
      file: 'a.yaml',
      message: 'Session default/a is not taken: a directory holds at most 50000 objects; remove some that have finished',
    },
  });
});

test('what is stored already goes on being taken', () => {
  const change: Resolution = { isDone: true };
  assert.is(limitObjects(50_000)(change, id), change);
});

test.run();
