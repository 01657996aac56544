// That every bench still runs, at a small part of its size; what it measures there means nothing.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noSSHD } from '../fakes/sshd.ts';
import { skip } from '../runner/skip.ts';
import { directory } from './directory.ts';
import { type Figure, percentile, report } from './figure.ts';
import { operator } from './operator.ts';
import { placement } from './placement.ts';
import { ssh } from './ssh.ts';
import { sshFleet } from './ssh-fleet.ts';

const test = suite('bench');

const isSound = ({ figure, value, fixture }: Figure): boolean => figure !== '' && Number.isFinite(value) && fixture !== '';

test('placement is measured', async () => {
  const figures = await placement(0.01);
  assert.is(figures.length, 2);
  assert.ok(figures.every(isSound));
});

test('the directory store is measured', async () => {
  const figures = await directory(0.002);
  assert.is(figures.length, 4);
  assert.ok(figures.every(isSound));
});

test('the whole operator is measured', async () => {
  const figures = await operator(0.002);
  assert.ok(figures.every(isSound));
});

if (noSSHD === undefined) {
  test('our SSH is measured', async () => {
    assert.ok((await ssh(0.01)).every(isSound));
  });
  test('a fleet over SSH is measured, and no log has a gap', async () => {
    const figures = await sshFleet(0.01);
    assert.ok(figures.every(isSound));
    assert.is(figures.find(({ figure }) => figure.includes('lost or repeated'))?.value, 0);
  });
} else skip('our SSH is measured, alone and in a fleet', noSSHD);

test('a figure more than a quarter past its aim is not met', () => {
  const met = (value: number): unknown => JSON.parse(report({ figure: 'x', value, unit: 'ms', aim: 100, fixture: 'none' })).met;
  assert.equal([100, 125, 126].map(met), [true, true, false]);
  assert.is(percentile([4, 1, 3, 2], 0.5), 3);
});

test.run();
