// kill -9 of a real controller process at each moment of a machine's life, against the fake: one machine for each VM object,
// whatever was forgotten; the session runs once; nothing is left at the end.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isTrue } from '../../controller/api/condition.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { openRealWorld, type RealWorld } from '../e2e/real-world.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import type { BillSum } from '../fakes/azure/billing.ts';
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

interface Outcome {
  readonly session: Session;
  readonly output: string;
  readonly bill: BillSum;
  /** Machines that Azure made, by its answers. */
  readonly created: number;
}

/** In a world and a cloud of its own. Killed processes tell no coverage: it is what people run. */
const crashAt = async (moment: Moment, when: string): Promise<Outcome> => {
  const fake = await startFakeAzure({ backing: 'sshd', speed: 20, afterBoot: AFTER_BOOT });
  const real = await openRealWorld('bundle');
  try {
    return await crash(moment, when, fake, real);
  } finally {
    await real.close();
    await fake.stop();
  }
};

const crash = async ({ rule, come }: Moment, when: string, fake: FakeAzure, real: RealWorld): Promise<Outcome> => {
  const { control } = fake;
  const name = 'case';
  const asked = async (method: string) =>
    (await control.requests()).find((request) => request.method === method && /\/virtualMachines\/berth-/.test(request.path));
  const start = (): ChildProcess => {
    // What it is started with is its own, whoever else is started meanwhile.
    Object.assign(process.env, environmentFor(fake), { BERTH_SWEEP_SECONDS: '2', BERTH_AZURE_GRACE_SECONDS: '5' });
    return real.startController();
  };
  const azure = { regions: ['westus3'], network: { allowSSHFrom: ['127.0.0.1/32'] } };
  await real.apply('VMPool', name, { provider: { type: 'Azure', azure }, sizes: [{ name: 'l' }], idleTimeoutSeconds: 1 });
  await real.apply('Session', name, { poolRef: { name }, command: ['sh', '-c', 'echo begin; sleep 2; echo end'] });
  if (rule) await control.rule(rule);
  const first = start();
  const ended = once(first, 'exit');
  await until(() => come({ real, name, asked }), when, PATIENCE_MS);
  first.kill('SIGKILL');
  await ended;
  await control.clearRules();
  start();
  const session = await real.finished(name, PATIENCE_MS);
  const output = String(await real.output('output', name, '--raw'));
  await until(async () => (await control.vms()).length === 0, 'the end of the machine', PATIENCE_MS);
  await until(async () => (await vmOf(real, name)) === undefined, 'the end of the VM object', PATIENCE_MS);
  const costly = async () => (await control.resources()).map(({ id }) => String(id)).filter((id) => COSTS.test(id));
  await until(async () => (await costly()).length === 0, 'the end of all that costs', PATIENCE_MS);
  const made = (await control.requests()).filter(
    ({ method, status, path }) => method === 'PUT' && status === 201 && path.includes('/virtualMachines/'),
  );
  return { session, output, bill: await control.bill(), created: made.length };
};

const COSTS = /virtualMachines|disks|networkInterfaces|publicIPAddresses/i;

const declare = (): void => {
  const test = suite('azure: kill -9 of the controller');
  // They wait most of the time: all at once.
  const outcomes = new Map<string, Promise<Outcome>>();
  test.before(() => {
    for (const [when, moment] of Object.entries(MOMENTS)) {
      const outcome = crashAt(moment, when);
      outcome.catch(() => undefined); // its own test tells
      outcomes.set(when, outcome);
    }
  });
  test.after(async () => void (await Promise.allSettled(outcomes.values())));

  for (const when of Object.keys(MOMENTS)) {
    test(`${when}: one machine, the session runs once, nothing is left that costs`, async () => {
      const outcome = await outcomes.get(when);
      assert.equal([outcome?.session.status?.phase, outcome?.session.status?.attempt], ['Completed', 1]);
      assert.is(outcome?.output, 'begin\nend\n');
      const { rows = [], running, usdPerHour } = outcome?.bill ?? {};
      assert.equal([rows.length, running, usdPerHour], [1, 0, 0]);
      process.stdout.write(
        `\n    ${when}: ${outcome?.created || 'no answered'} PUT, 1 machine, ${rows[0]?.seconds.toFixed(0)} s billed, nothing left `,
      );
    });
  }

  test.run();
};

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) declare();
else skip('azure: kill -9 of the controller', skipped);
