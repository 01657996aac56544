// What a list of hosts comes to: sizes filled in, and what of it can be had.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VMPoolSpec } from '../../controller/api/types.generated.ts';
import { accountOf, hostsOf, offeringsOf } from '../../controller/provider/ssh/settings.ts';
import { pool } from '../builders/pool.ts';

type Host = NonNullable<VMPoolSpec['provider']['ssh']>['hosts'][number];

const test = suite('ssh provider: settings');
const host = (name: string, more: Partial<Host> = {}): Host => ({
  name,
  address: `${name}.example.org`,
  user: 'berth',
  hostKey: 'ssh-ed25519 AAAA',
  ...more,
});
const lab = (...hosts: readonly Host[]) =>
  pool({
    spec: {
      provider: { type: 'SSH', ssh: { credentials: { secretRef: { name: 'machines' } }, hosts } },
      sizes: [{ name: 'l' }, { name: 's' }],
    },
  });
const NONE = { taken: new Set<string>(), troubles: new Map() };
const offered = (
  of: ReturnType<typeof lab>,
  { taken, troubles }: { taken: Set<string>; troubles: Map<string, { message: string }> } = NONE,
) => offeringsOf(of, taken, troubles).map(({ size, sku, slots, room, available, message }) => [size, sku, slots, room, available, message]);

test('a host is of the first size and on port 22 unless it says otherwise', () => {
  const [plain, other] = hostsOf(lab(host('a'), host('b', { size: 's', port: 2222 })));
  assert.equal([plain?.size, plain?.slots, plain?.memoryMiB, plain && accountOf(plain)], ['l', 4, 131_072, 'berth@a.example.org:22']);
  assert.equal([other?.size, other?.slots, other && accountOf(other)], ['s', 1, 'berth@b.example.org:2222']);
});

test('a host of a size that the pool does not name is left alone, and so is a pool of another provider', () => {
  assert.equal(hostsOf(lab(host('a', { size: 'xl' }))), []);
  assert.equal(hostsOf(pool()), []);
});

test('hosts that are alike are one offering, in the order of the pool’s sizes', () => {
  const three = lab(host('a', { size: 's' }), host('b'), host('c'), host('d', { slots: 6 }), host('e', { memoryMiB: 98_304 }));
  assert.equal(offered(three), [
    ['l', '', 4, 2, true, undefined],
    ['l', 'l-6x128GiB', 6, 1, true, undefined],
    ['l', 'l-4x96GiB', 4, 1, true, undefined],
    ['s', '', 1, 1, true, undefined],
  ]);
});

test('a pool that is full has no room; one with a host out of order says which', () => {
  const two = lab(host('a'), host('b'));
  const troubles = new Map([['b', { message: 'b is away' }]]);
  assert.equal(offered(two, { taken: new Set(['a', 'b']), troubles: new Map() }), [['l', '', 4, 0, true, undefined]]);
  assert.equal(offered(two, { taken: new Set(), troubles }), [['l', '', 4, 1, true, undefined]]);
  assert.equal(offered(two, { taken: new Set(['a']), troubles }), [['l', '', 4, 0, false, 'b is away']]);
});

test.run();
