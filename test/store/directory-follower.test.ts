// What comes while the files are being looked at is not lost.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../controller/api/clock.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { createFollower, type Follower } from '../../controller/store/directory/follower.ts';
import { createObjects } from '../../controller/store/directory/objects.ts';
import { createSources } from '../../controller/store/directory/sources.ts';
import type { Sync } from '../../controller/store/directory/sync.ts';
import { createDirectoryWorld, named, session, until, untilGone } from './directory-world.ts';

const test = suite('follower');

interface FollowerWorld {
  readonly folder: string;
  readonly follower: Follower;
  /** Whether deletions were confirmed, for each look. */
  readonly looks: readonly boolean[];
  /** Until `go` the next look goes on. */
  hold(): { go(): void };
  /** How many timers went off. */
  alarms(): number;
}

/** Real files, and looks as long as the test wants them. */
const withFollower = async (body: (world: FollowerWorld) => Promise<void>): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'follower-'));
  const folder = join(root, '.berth');
  mkdirSync(folder);
  writeFileSync(join(root, 'a.yaml'), session('a'));
  let alarms = 0;
  const after: Clock['after'] = (ms, callback) =>
    systemClock.after(ms, () => {
      alarms += 1;
      callback();
    });
  const clock = { ...systemClock, after };
  const looks: boolean[] = [];
  let gate: Promise<void> | undefined;
  const sync: Sync = {
    revisit: () => undefined,
    defined: () => undefined,
    isInEffect: () => true,
    pass: async ({ isConfirmed }) => {
      looks.push(isConfirmed);
      await gate;
      return { problems: [], nextAt: Number.POSITIVE_INFINITY, scanAt: Number.POSITIVE_INFINITY, hasChanged: false, missing: 0 };
    },
  };
  const objects = createObjects({
    folder,
    initial: [],
    nextVersion: () => '1',
    check: () => undefined,
    beforeRemoval: async () => undefined,
    afterRemoval: () => undefined,
  });
  const sources = createSources({ root, indexed: new Map(), storedIDs: () => [], onDefiners: () => undefined });
  const follower = createFollower({
    context: { folder, clock, newUID: () => 'u', objects, sources, damaged: new Set<string>(), record: () => undefined },
    sync,
    root,
    knownRoot: undefined,
    onProblems: () => undefined,
    onSettled: () => undefined,
  });
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return {
      go: () => {
        gate = undefined;
        resolve();
      },
    };
  };
  try {
    await follower.start();
    await body({ folder: root, follower, looks, hold, alarms: () => alarms });
  } finally {
    await follower.close();
    rmSync(root, { recursive: true });
  }
};

test('a file that changes during a look is looked at right after it', () =>
  withFollower(async ({ folder, follower, looks, hold, alarms }) => {
    const look = hold();
    follower.poke();
    await until('a look', () => looks.length === 2);
    const before = alarms();
    writeFileSync(join(folder, 'a.yaml'), session('a', 'other'));
    await until('its alarm', () => alarms() > before);
    look.go();
    await until('the next look', () => looks.length === 3);
  }));

test('a confirmation that comes during a look is for the next one, and for that one only', () =>
  withFollower(async ({ follower, looks, hold }) => {
    const look = hold();
    follower.poke(true);
    await until('a look', () => looks.length === 2);
    follower.confirm();
    look.go();
    await until('the next look', () => looks.length === 3);
    follower.poke();
    await until('one more', () => looks.length === 4);
    assert.equal(looks, [false, false, true, false]);
  }));

test('a confirmation stands until a file that was just written has been read', async () => {
  const world = createDirectoryWorld();
  const names = Array.from({ length: 12 }, (_, n) => `s${n}`);
  try {
    for (const name of ['kept', ...names]) world.put(`${name}.yaml`, session(name));
    const store = await world.open();
    for (const name of names) world.remove(`${name}.yaml`);
    await until('the hold', () => world.problems.some((text) => text.includes('vanished at once')));
    world.put('new.yaml', session('new'));
    await world.client.confirmPrune();
    for (const name of names) await untilGone(store, 'Session', name);
    assert.ok(await store.get('Session', named('kept')));
  } finally {
    await world.end();
  }
});

test.run();
