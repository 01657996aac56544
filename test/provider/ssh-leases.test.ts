// The files that say which host serves whom: what else may lie in their folder, and what cannot be read.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lease, openLeases } from '../../controller/provider/ssh/leases.ts';

const test = suite('leases of hosts');
const LEASE: Lease = {
  host: { name: 'a', address: '127.0.0.1', port: 22, user: 'u', hostKey: 'k', size: 'l', slots: 4, memoryMiB: 1024, sku: '' },
  vmUID: 'vm',
  createdTime: '2026-01-01T00:00:00Z',
};

const inFolder = (body: (root: string) => void) => (): void => {
  const root = mkdtempSync(join(tmpdir(), 'berth-'));
  try {
    body(root);
  } finally {
    rmSync(root, { recursive: true });
  }
};

test(
  'what a crash left half written, and what went while the folder was read, is no lease',
  inFolder((root) => {
    const leases = openLeases(root);
    assert.equal(leases.list('pool'), []);
    assert.ok(leases.add('pool', LEASE));
    assert.not.ok(leases.add('pool', LEASE));
    writeFileSync(join(root, 'pool', 'b.json.tmp'), '{');
    symlinkSync(join(root, 'gone'), join(root, 'pool', 'c.json'));
    assert.equal(leases.list('pool'), [LEASE]);
  }),
);

test(
  'what cannot be read is told: it may be a lease',
  inFolder((root) => {
    mkdirSync(join(root, 'pool', 'a.json'), { recursive: true });
    assert.throws(() => openLeases(root).list('pool'), /EISDIR/);
  }),
);

test.run();
