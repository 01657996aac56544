// A status that changes when nothing did is a storm of writes: what was written is what the next pass writes again.
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decide as decideSession } from '../../controller/reconcilers/session/decide.ts';
import { status as sessionStatus } from '../../controller/reconcilers/session/status.ts';
import { decide as decideVM } from '../../controller/reconcilers/vm/decide.ts';
import { status as vmStatus } from '../../controller/reconcilers/vm/status.ts';
import { placed, session } from '../builders/session.ts';
import { endedRun, run, sessionWorld } from '../builders/session-world.ts';
import { ago, NOW } from '../builders/time.ts';
import { bootingVM, drainingVM, failedVM, newVM, readyVM, unreachableVM } from '../builders/vm.ts';
import { host, machine, vmWorld } from '../builders/vm-world.ts';

const test = suite('status is idempotent');

const REASONS =
  'VMBooting PoolFull QuotaExceeded BudgetExceeded PriceUnknown PoolPaused PoolDeleting PoolNotFound ProviderNotReady NoMatchingSize NoMatchingRegion SecretNotFound HostKeyMismatch VMFailed LogStoreFull'.split(
    ' ',
  );
const hostState = fc.constantFrom('reachable' as const, 'unreachable' as const, 'connecting' as const);
const vm = readyVM('default-0');

const sessionWorlds = fc
  .record({
    on: fc.constantFrom(undefined, vm, bootingVM('default-0'), failedVM('default-0')),
    started: fc.constantFrom(undefined, 'no' as const, 'launching' as const, 'yes' as const, 'lost' as const),
    hostState,
    facts: fc.constantFrom(
      undefined,
      run('a'),
      run('a', { state: 'preparing' }),
      endedRun('a', { cause: 'exited', code: 1 }),
      endedRun('a', { cause: 'lost' }),
    ),
    spec: fc.record({ retryLimit: fc.nat(1), activeDeadlineSeconds: fc.constantFrom(10, 1000) }),
    shutdown: fc.constantFrom(undefined, 'Graceful' as const, 'Immediate' as const),
    outputDue: fc.boolean(),
  })
  .map(({ on, started, hostState: state, facts, spec, shutdown, outputDue }) => {
    const wanted = { spec: { ...spec, ...(shutdown ? { shutdown } : {}) } };
    const one = started ? placed('a', vm, started, wanted) : session('a', wanted);
    return sessionWorld(one, { hostState: state, outputDue, ...(on ? { vm: on } : {}), ...(facts ? { run: facts } : {}) });
  });

test('a session that nothing happens to comes to rest within three passes, with a reason of SPEC 3.6 while it is pending', () => {
  void fc.assert(
    fc.property(sessionWorlds, (world) => {
      let before = world.session;
      for (let pass = 0; pass < 4; pass++) {
        const observed = { ...world, session: before, now: NOW + pass * 1000 };
        const written = sessionStatus(observed, decideSession(observed), []);
        if (pass === 3) assert.equal(written?.status, before.status);
        if (!written) return;
        const { phase, reason, conditions } = written.status;
        const ready = conditions?.find(({ type }) => type === 'Ready');
        if (phase === 'Pending' && ready && ready.status !== 'Unknown') assert.ok(REASONS.includes(reason ?? ''), reason);
        before = { ...before, status: written.status };
      }
    }),
    { numRuns: 500 },
  );
});

const vmWorlds = fc
  .record({
    of: fc.constantFrom(
      newVM('default-0'),
      bootingVM('default-0'),
      vm,
      drainingVM('default-0'),
      failedVM('default-0'),
      unreachableVM('default-0', 3600),
      readyVM('default-0', { meta: { deletionTimestamp: ago(1) } }),
    ),
    machine: fc.constantFrom(undefined, machine('creating'), machine(), machine('stopped'), machine('failed'), machine('deleting')),
    host: fc.option(hostState, { nil: undefined }),
    busy: fc.boolean(),
  })
  .map((made) =>
    vmWorld(made.of, {
      ...(made.machine ? { machine: made.machine } : {}),
      ...(made.host ? { host: host(made.host) } : {}),
      sessions: made.busy ? [placed('a', made.of, 'yes')] : [],
    }),
  );

test('a VM that nothing happens to comes to rest within two passes', () => {
  void fc.assert(
    fc.property(vmWorlds, (world) => {
      let before = world.vm;
      for (let pass = 0; pass < 3; pass++) {
        const observed = { ...world, vm: before, now: NOW + pass * 1000 };
        const written = vmStatus(observed, decideVM(observed), []);
        if (!written) return;
        if (pass === 2) assert.equal(written.status, before.status);
        before = { ...before, status: written.status };
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
