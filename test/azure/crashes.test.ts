// kill -9 of a real controller process at each moment of a machine's life, against the fake: one machine for each VM object,
// whatever was forgotten; the session runs once; nothing is left at the end.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isTrue } from '../../controller/api/condition.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import type { Rule } from '../fakes/azure/faults.ts';
import type { LoggedRequest } from '../fakes/azure/request-log.ts';
import { type FakeAzure, startFakeAzure } from '../fakes/azure/start.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { AFTER_BOOT, environmentFor } from './provider-world.ts';

const VM_TYPE = 'Microsoft.Compute/virtualMachines';
const PATIENCE_MS = 60_000;
const LONG = { kind: 'latency', ms: 4_000 } as const;

interface Moment {
  readonly rule?: Rule;
  /** Whether it has come. */
  readonly come: (world: Crashing) => Promise<boolean>;
}

interface Crashing {
  readonly real: RealWorld;
  readonly name: string;
  readonly asked: (method: string) => Promise<LoggedRequest | undefined>;
}

const MOMENTS: Readonly<Record<string, Moment>> = {
  'before the PUT': {
    rule: { match: { type: VM_TYPE, method: 'GET', name: '^berth-' }, fault: LONG },
    come: async ({ asked }) => (await asked('GET')) !== undefined,
  },
  'after the PUT, before its answer': {
    rule: { match: { type: VM_TYPE, method: 'PUT' }, fault: LONG },
    come: async ({ asked }) => (await asked('PUT')) !== undefined,
  },
  'with the answer to the PUT lost': {
    rule: { match: { type: VM_TYPE, method: 'PUT' }, fault: { kind: 'dropAfter' } },
    come: async ({ asked }) => (await asked('PUT')) !== undefined,
  },
  'while the machine is made': {
    come: async ({ real, name }) => (await vmOf(real, name))?.status?.providerID !== undefined,
  },
  'after it is ready': {
    come: async ({ real, name }) => isTrue((await real.session(name))?.status?.conditions, 'Started'),
  },
  'while the machine is deleted': {
    rule: { match: { type: VM_TYPE, method: 'DELETE' }, fault: LONG },
    come: async ({ asked }) => (await asked('DELETE')) !== undefined,
  },
};

const vmOf = async ({ client }: RealWorld, pool: string) => (await client.list('VM')).find(({ spec }) => spec.poolRef.name === pool);

const declare = (): void => {
  const test = suite('azure: kill -9 of the controller');
  let fake: FakeAzure;
  let real: RealWorld;
  let controller: ChildProcess;
  const kill = async (): Promise<void> => {
    const ended = once(controller, 'exit');
    controller.kill('SIGKILL');
    await ended;
  };
  test.before(async () => {
    fake = await startFakeAzure({ backing: 'sshd', speed: 20, afterBoot: AFTER_BOOT });
    Object.assign(process.env, environmentFor(fake), { BERTH_SWEEP_SECONDS: '2', BERTH_AZURE_GRACE_SECONDS: '5' });
    real = await openRealWorld();
  });
  test.after(async () => {
    await real.close();
    await fake.stop();
  });

  for (const [index, [when, { rule, come }]] of Object.entries(MOMENTS).entries()) {
    test(`${when}: one machine, the session runs once, nothing is left`, async () => {
      const name = `case-${index}`;
      const before = await fake.control.bill();
      const from = (await fake.control.requests()).at(-1)?.number ?? 0;
      const asked = async (method: string) =>
        (await fake.control.requests(from)).find((request) => request.method === method && /\/virtualMachines\/berth-/.test(request.path));
      if (rule) await fake.control.rule(rule);
      controller = real.startController();
      const azure = { regions: ['westus3'], network: { allowSSHFrom: ['127.0.0.1/32'] } };
      await real.apply('VMPool', name, { provider: { type: 'Azure', azure }, sizes: [{ name: 'l' }], idleTimeoutSeconds: 1 });
      await real.apply('Session', name, { poolRef: { name }, command: ['sh', '-c', 'echo begin; sleep 2; echo end'] });
      await until(() => come({ real, name, asked }), when, PATIENCE_MS);
      await kill();
      await fake.control.clearRules();
      controller = real.startController();
      const session = await real.finished(name, PATIENCE_MS);
      assert.is(session.status?.phase, 'Completed');
      assert.is(session.status?.attempt, 1);
      assert.is(String(await real.output('output', name, '--raw')), 'begin\nend\n');
      await until(async () => (await fake.control.vms()).length === 0, 'the end of the machine', PATIENCE_MS);
      await until(async () => (await vmOf(real, name)) === undefined, 'the end of the VM object', PATIENCE_MS);
      const { rows, running } = await fake.control.bill();
      const ours = rows.slice(before.rows.length);
      assert.equal([ours.length, running], [1, 0], when);
      const created = (await fake.control.requests(from)).filter(
        ({ method, status, path }) => method === 'PUT' && status === 201 && path.includes('/virtualMachines/'),
      );
      process.stdout.write(`\n    ${when}: ${created.length || 'no answered'} PUT, 1 machine, ${ours[0]?.seconds.toFixed(0)} s billed `);
      await kill();
    });
  }
  test('nothing that costs anything is left of any of them', async () => {
    const left = (await fake.control.resources()).map(({ id }) => String(id));
    assert.equal(
      left.filter((id) => /virtualMachines|disks|networkInterfaces|publicIPAddresses/i.test(id)),
      [],
    );
    const { usdPerHour } = await fake.control.bill();
    assert.is(usdPerHour, 0);
  });

  test.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declare();
else skip('azure: kill -9 of the controller', skipped);
