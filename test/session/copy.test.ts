// Copying logs while the log store can not take them: nothing is lost, nothing piles up.
import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openVMWorld, until, type VMWorld } from './vm-world.ts';

const test = suite('copying logs');
let full = false;
let world: VMWorld;
test.before(async () => {
  world = await openVMWorld({}, (logs) => ({
    ...logs,
    append: async (log, offset, bytes) => {
      if (full) throw new Error('no space left on device');
      return logs.append(log, offset, bytes);
    },
  }));
});
test.after(() => world.close());

test('the program goes on while the store is full, and the copy catches up', async () => {
  full = true;
  const uid = await world.launch('head -c 6000000 /dev/urandom | tee all; exit 2');
  await until(() => (world.facts(uid)?.exit && world.errors.length > 0 ? true : undefined));
  const stuck = world.facts(uid);
  assert.equal([stuck?.logBytes, stuck?.copied.bytes], [6_000_000, 0]);
  assert.match(String(world.errors[0]), 'no space left');
  assert.is(world.host().facts().state, 'reachable');
  full = false;
  const { exit } = await world.ended(uid);
  assert.is(exit.code, 2);
  assert.ok((await world.log(uid)).equals(await readFile(world.file(uid, 'workspace/all'))));
});

test('what the VM had to give up meanwhile is passed over, and said', async () => {
  full = true;
  const uid = await world.launch('head -c 100M /dev/zero | tr "\\0" y; echo; echo end', { maxOutputBytes: 1 << 20 });
  await until(() => (world.facts(uid)?.exit ? true : undefined));
  full = false;
  const { copied, logBytes } = await world.ended(uid);
  assert.is(copied.bytes, logBytes);
  assert.is(copied.truncated, true);
  assert.is(copied.tail, 'end\n');
});

test('runs whose end was seen stay so for a controller that starts later', async () => {
  const uid = await world.launch('echo hello');
  await world.ended(uid);
  world.hosts.close('vm');
  world.hosts.open('vm', world.machine, world.shell);
  assert.equal(world.host().facts().runs.size, 0);
  const { copied } = await world.ended(uid);
  assert.is(copied.tail, 'hello\n');
});

test.run();
