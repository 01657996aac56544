// How requests are waited for: those before their object, those that cannot be read, and those at work when the store closes.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { API_VERSION } from '../../controller/api/object.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { followRequests, type RequestParts } from '../../controller/store/directory/follow-requests.ts';
import { createObjects, type Objects } from '../../controller/store/directory/objects.ts';
import { type Request, writeRequest } from '../../controller/store/directory/requests.ts';
import { admit } from '../../controller/store/schema.ts';
import { until } from './directory-world.ts';

const test = suite('following requests');

const key = { namespace: 'default', name: 'a' };
const patch: Request = { verb: 'patch', kind: 'Session', key, patch: { priority: 7 } };

const admission = admit('Session', { apiVersion: API_VERSION, kind: 'Session', metadata: key, spec: { prompt: 'x' } });
if ('errors' in admission) throw new Error('not admitted');
const { spec } = admission.object;

const stored: Session = {
  apiVersion: API_VERSION,
  kind: 'Session',
  metadata: { ...key, uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec,
};

interface World {
  readonly folder: string;
  readonly objects: Objects;
  readonly told: readonly string[];
  /** How long each wait for the next look was to take, in milliseconds. */
  readonly waits: readonly number[];
  /** The monotonic clock is so far ahead, in milliseconds. */
  ahead: number;
  follow(more?: Partial<RequestParts>): ReturnType<typeof followRequests>;
  left(): readonly string[];
}

const check = (title: string, body: (world: World) => Promise<void>): void => {
  test(title, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'requests-'));
    for (const name of ['requests', 'sessions']) mkdirSync(join(folder, name));
    const objects = createObjects({
      folder,
      initial: [],
      nextVersion: () => '2',
      check: () => undefined,
      beforeRemoval: async () => undefined,
      afterRemoval: () => undefined,
    });
    const told: string[] = [];
    const waits: number[] = [];
    let verbs: ReturnType<typeof followRequests> | undefined;
    const world: World = {
      folder,
      objects,
      told,
      waits,
      ahead: 0,
      follow: (more = {}) => {
        const clock = {
          ...systemClock,
          monotonic: () => systemClock.monotonic() + world.ahead,
          after: (ms: number, callback: () => void) => {
            waits.push(ms);
            return systemClock.after(ms, callback);
          },
        };
        const problems = { tell: (text: string) => told.push(text), report: () => undefined };
        const none = {
          damaged: new Set<string>(),
          isBusy: () => false,
          poke: () => undefined,
          confirm: () => undefined,
          record: () => undefined,
        };
        verbs = followRequests(folder, { clock, objects, problems, ...none, ...more });
        return verbs;
      },
      left: () => readdirSync(join(folder, 'requests')),
    };
    try {
      await body(world);
    } finally {
      await verbs?.close();
      rmSync(folder, { recursive: true });
    }
  });
};

check('a request that came before its object is forgotten once folded in: the next has as long to wait', async (world) => {
  const verbs = world.follow();
  await writeRequest(world.folder, patch, 1);
  await verbs.fold();
  await until('the short wait', () => world.waits.at(-1) === 250);
  assert.is(world.left().length, 1);
  await world.objects.createMany([stored]);
  await until('the change', () => world.objects.get('Session', key)?.spec.priority === 7);
  await until('the long wait', () => world.waits.at(-1) === 2_000);
  await world.objects.write('Session', key, () => undefined);
  world.ahead = 60_000;
  await writeRequest(world.folder, patch, 2);
  await verbs.fold();
  assert.equal([world.left().length, world.told], [1, []]);
  world.ahead += 60_000;
  await until('the end of patience', () => world.left().length === 0);
  assert.equal(world.told, ['Session default/a is gone: a change of it was dropped']);
});

check('a request that cannot be read is told once, and taken once it can be', async (world) => {
  const verbs = world.follow();
  await world.objects.createMany([stored]);
  const path = join(world.folder, 'requests', '1.json');
  symlinkSync('1.json', path);
  await until('a look', () => world.told.length > 0);
  await verbs.fold();
  assert.match(world.told[0] ?? '', /^a request waits: cannot read .*1\.json: ELOOP/);
  assert.equal(world.left(), ['1.json']);
  const elsewhere = join(world.folder, 'elsewhere');
  await writeRequest(elsewhere, patch, 1);
  const [name = ''] = readdirSync(join(elsewhere, 'requests'));
  renameSync(join(elsewhere, 'requests', name), path);
  await until('the change', () => world.objects.get('Session', key)?.spec.priority === 7);
  await until('its end', () => world.left().length === 0);
  assert.is(world.told.length, 1);
});

check('closing waits for the request that is being folded in', async (world) => {
  await world.objects.createMany([stored]);
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const write: Objects['write'] = async (...args) => {
    order.push('begun');
    await promise;
    const written = await world.objects.write(...args);
    order.push('written');
    return written;
  };
  const verbs = world.follow({ objects: { ...world.objects, write } });
  await writeRequest(world.folder, patch, 1);
  await until('a write', () => order.length === 1);
  const closed = Promise.resolve(verbs.close()).then(() => order.push('closed'));
  resolve();
  await closed;
  await until('the write', () => order.length === 3);
  assert.equal([order, world.left()], [['begun', 'written', 'closed'], []]);
});

test.run();
