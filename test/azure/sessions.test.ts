// Sessions on an Azure pool, end to end: a real controller process, the fake, machines that are real sshd processes. What Azure
// takes away, refuses or shows with another key, as people see it in their resources.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Condition, findCondition, isTrue } from '../../controller/api/condition.ts';
import type { SessionSpec, VM, VMPool, VMPoolSpec } from '../../controller/api/types.generated.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { type FakeAzure, startFakeAzure } from '../fakes/azure/start.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { AFTER_BOOT, environmentFor } from './provider-world.ts';

const PATIENCE_MS = 60_000;
type Azure = NonNullable<VMPoolSpec['provider']['azure']>;

const declare = (): void => {
  const test = suite('azure: sessions');
  let fake: FakeAzure;
  let real: RealWorld;
  test.before(async () => {
    fake = await startFakeAzure({ backing: 'sshd', speed: 20, afterBoot: AFTER_BOOT });
    Object.assign(process.env, environmentFor(fake), { BERTH_SWEEP_SECONDS: '2', BERTH_AZURE_GRACE_SECONDS: '5' });
    real = await openRealWorld();
    real.startController();
  });
  test.after(async () => {
    await real.close();
    await fake.stop();
  });
  const begin = async (name: string, azure: Partial<Azure>, session: Partial<SessionSpec> = {}): Promise<void> => {
    const settings = { regions: ['westus2'], network: { allowSSHFrom: ['127.0.0.1/32'] }, ...azure };
    await real.apply('VMPool', name, { provider: { type: 'Azure', azure: settings }, sizes: [{ name: 'l' }], idleTimeoutSeconds: 1 });
    await real.apply('Session', name, { poolRef: { name }, command: ['sh', '-c', 'echo begin; sleep 2; echo end'], ...session });
  };
  const started = (name: string, attempt = 1): Promise<void> =>
    until(
      async () => {
        const { status } = (await real.session(name)) ?? {};
        return status?.attempt === attempt && isTrue(status.conditions, 'Started') && (status.output?.bytes ?? 0) > 0;
      },
      `${name} to start attempt ${attempt}`,
      PATIENCE_MS,
    );
  const vmsOf = async (pool: string): Promise<readonly VM[]> =>
    (await real.client.list('VM')).filter(({ spec }) => spec.poolRef.name === pool);
  const poolOf = (name: string): Promise<VMPool | undefined> => real.client.get('VMPool', { namespace: 'default', name });
  const machineOf = async (pool: string): Promise<string> =>
    (await fake.control.vms()).find(({ tags, power }) => tags.pool === pool && power === 'running')?.name ?? 'none';
  /** The first attempt prints and stays; a later one ends at once. */
  const stays: Partial<SessionSpec> = {
    command: ['sh', '-c', 'echo "attempt on $(hostname)"; test -e /tmp/second && exit 0; sleep 600'],
    retryLimit: 1,
  };
  const again = ['sh', '-c', 'echo "on $(hostname)"; [ "$BERTH_ATTEMPT" = 2 ] || sleep 600'];

  test('a region without quota is passed over: the session runs in the next, and the pool says why and when it tries again', async () => {
    await fake.control.tell({ kind: 'quota', region: 'westus3', of: 'cores', limit: 10 });
    await begin('failover', { regions: ['westus3', 'eastus'] });
    assert.is((await real.finished('failover', PATIENCE_MS)).status?.phase, 'Completed');
    const rows = (await poolOf('failover'))?.status?.offerings ?? [];
    const refused = rows.find(({ sku, region }) => sku === 'Standard_E16s_v5' && region === 'westus3');
    assert.equal([refused?.available, refused?.reason], [false, 'QuotaExceeded']);
    assert.ok(Date.parse(refused?.retryTime ?? '') > Date.now());
    const from = (await fake.control.bill()).rows.map(({ region }) => region);
    assert.equal(from, ['eastus']);
    process.stdout.write(`\n    ran in ${from}; status.offerings: ${JSON.stringify(refused)} `);
  });

  test('with room for one of two machines, the second session waits for the quota, not for the pool, and runs where the first has been', async () => {
    await fake.control.tell({ kind: 'quota', region: 'eastus2', of: 'cores', limit: 20 });
    const waits = { command: ['sh', '-c', 'until [ -e /tmp/go ]; do sleep 0.1; done'], memoryMiB: 131_072 };
    await begin('room', { regions: ['eastus2'] }, waits);
    await real.apply('Session', 'room-2', { ...waits, poolRef: { name: 'room' } });
    const ready = async () => (await vmsOf('room')).filter(({ status }) => isTrue(status?.conditions, 'Ready'));
    await until(async () => (await ready()).length === 1, 'the machine', PATIENCE_MS);
    let wait: Condition | undefined;
    await until(
      async () => {
        const sessions = (await real.client.list('Session')).filter(({ spec }) => spec.poolRef?.name === 'room');
        wait = sessions.map(({ status }) => findCondition(status?.conditions, 'Placed')).find((placed) => placed?.status === 'False');
        return wait?.reason === 'QuotaExceeded' && (await vmsOf('room')).length === 1;
      },
      'the reason, and the end of the VM that could not be made',
      PATIENCE_MS,
    );
    process.stdout.write(`\n    1 VM; ${wait?.reason}: ${wait?.message} `);
    await fake.control.exec(await machineOf('room'), ['touch', '/tmp/go']);
    for (const name of ['room', 'room-2']) assert.is((await real.finished(name, PATIENCE_MS)).status?.phase, 'Completed');
    assert.is((await fake.control.bill()).rows.filter(({ region }) => region === 'eastus2').length, 1);
  });

  for (const evictionPolicy of ['Deallocate', 'Delete'] as const) {
    test(`a Spot machine that is taken away (${evictionPolicy}): the session is tried again elsewhere, and its output is kept`, async () => {
      const name = `spot-${evictionPolicy.toLowerCase()}`;
      await begin(name, { priority: 'Spot', evictionPolicy }, { ...stays, command: again });
      await started(name);
      const lost = await machineOf(name);
      await fake.control.tell({ kind: 'evict', name: lost, noticeMs: 0 });
      let reason: string | undefined;
      await until(
        async () => {
          // What keeps its disk is started once more for the output on it, and what is gone has failed.
          const type = evictionPolicy === 'Deallocate' ? 'CollectingOutput' : 'Failed';
          const told = (await vmsOf(name))
            .map(({ status }) => findCondition(status?.conditions, type))
            .find((one) => one !== undefined && one.status !== 'False');
          reason = told?.reason ?? reason;
          return reason !== undefined;
        },
        'the VM to say so',
        PATIENCE_MS,
      );
      assert.is(reason, 'SpotEvicted');
      const session = await real.finished(name, PATIENCE_MS);
      assert.equal([session.status?.phase, session.status?.attempt], ['Completed', 2]);
      const output = String(await real.output('output', name, '--raw'));
      assert.match(output, new RegExp(`^on ${lost}\non berth-[0-9a-f]{10}\n$`));
      assert.is(output.split(lost).length, 2, output);
    });
  }

  test('a machine deleted in the portal: without retries the session fails, says why, and its output is kept', async () => {
    await begin('portal', {}, { command: ['sh', '-c', 'echo here; sleep 600'] });
    await started('portal');
    await fake.control.tell({ kind: 'vmVanish', name: await machineOf('portal'), children: true });
    const { status } = await real.finished('portal', PATIENCE_MS);
    assert.equal([status?.phase, status?.reason], ['Failed', 'VMLost']);
    process.stdout.write(`\n    ${status?.message} `);
    assert.is(String(await real.output('output', 'portal', '--raw')), 'here\n');
  });

  test('a machine that was shut down from inside: the session is tried again, and the machine costs nothing any more', async () => {
    await begin('inside', {}, { ...stays, command: again });
    await started('inside');
    const lost = await machineOf('inside');
    await fake.control.tell({ kind: 'vmStop', name: lost });
    const { status } = await real.finished('inside', PATIENCE_MS);
    assert.equal([status?.phase, status?.attempt], ['Completed', 2]);
    await until(async () => !(await fake.control.vms()).some(({ name }) => name === lost), 'the end of the machine', PATIENCE_MS);
  });

  test('a host key that changes is said, nothing is sent, and the session is not taken for ended', async () => {
    await begin('keys', {}, { command: ['sh', '-c', 'echo here; sleep 600'] });
    await started('keys');
    const machine = await machineOf('keys');
    await fake.control.tell({ kind: 'hostKeyChange', name: machine });
    let message = '';
    await until(
      async () => {
        const [vm] = await vmsOf('keys');
        const ready = findCondition(vm?.status?.conditions, 'Ready');
        message = ready?.message ?? '';
        return ready?.status === 'Unknown' && ready.reason === 'HostKeyMismatch';
      },
      'the condition',
      PATIENCE_MS,
    );
    process.stdout.write(`\n    ${message} `);
    const session = await real.session('keys');
    assert.is(isTrue(session?.status?.conditions, 'Finished'), false);
    assert.is(findCondition(session?.status?.conditions, 'Ready')?.status, 'Unknown');
  });

  test.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declare();
else skip('azure: sessions', skipped);
