// What the pool's key writes of a pending session leaves its own key nothing to say.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session, SessionStatus, VM } from '../../../controller/api/types.generated.ts';
import { placedStatus, waitingStatus } from '../../../controller/reconcilers/pool/patches.ts';
import { decide } from '../../../controller/reconcilers/session/decide.ts';
import { pendingStatus } from '../../../controller/reconcilers/session/pending.ts';
import { status } from '../../../controller/reconcilers/session/status.ts';
import { session } from '../../builders/session.ts';
import { onVM, sessionWorld } from '../../builders/session-world.ts';
import { NOW } from '../../builders/time.ts';
import { bootingVM, readyVM } from '../../builders/vm.ts';

const test = suite('session: what its pool says of it');

const one = session('a');
const wait = { reason: 'PoolFull', message: 'the pool has as many VMs as it may have' } as const;
const told = (said: SessionStatus, vm?: VM, by: Session = one): Session => ({ ...by, status: pendingStatus(by, said, NOW, vm) });

test('one write says where it waits, and all that follows from it', () => {
  const after = told(waitingStatus(one, wait, NOW));
  assert.equal([after.status?.phase, after.status?.reason, after.status?.summary], ['Pending', 'PoolFull', 'work']);
  const observed = sessionWorld(after);
  assert.equal(status(observed, decide(observed), [])?.status, after.status);
});

test('one write places it, on a VM that boots or on one that is ready', () => {
  const [booting, ready] = [bootingVM('default-0'), readyVM('default-0')];
  const waiting = told(placedStatus(one, booting, 1, false, NOW), booting);
  assert.match(waiting.status?.message ?? '', 'VM default-0 is being made ready');
  const onBooting = sessionWorld(waiting, { vm: booting });
  assert.equal(status(onBooting, decide(onBooting), [])?.status, waiting.status);
  const launching = told(placedStatus(one, ready, 1, true, NOW), ready);
  assert.match(launching.status?.message ?? '', 'it is being launched on VM default-0');
  const onReady = onVM(launching, ready);
  assert.equal(status(onReady, decide(onReady), [])?.status, launching.status);
});

test('that it has ended is not for its pool to tell', () => {
  const stopped = session('a', { spec: { shutdown: 'Graceful' } });
  const said = waitingStatus(stopped, wait, NOW);
  assert.is(told(said, undefined, stopped).status, said);
});

test('its own key lets the pool speak first for a while, but not of its end', () => {
  const awaiting = sessionWorld(one, { awaitsPoolUntil: NOW + 5_000 });
  const decision = decide(awaiting);
  assert.is(decision.recheckAt, NOW + 5_000);
  assert.is(status(awaiting, decision, []), undefined);
  const stopped = { ...awaiting, session: session('a', { spec: { shutdown: 'Graceful' } }) };
  assert.is(status(stopped, decide(stopped), [])?.status.phase, 'Killed');
});

test.run();
