// Usage: node test/azure/storm.ts [SESSIONS] [KILLS] [SEED]
// kill -9 of a real controller again and again while sessions come and run on machines that are real sshd processes, and Azure
// refuses, throttles and loses answers by the same seed. Then every session is held against what it should have printed, and
// every machine against the VM object it was made for.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isTrue } from '../../controller/api/condition.ts';
import { openRealWorld } from '../e2e/real-world.ts';
import { startFakeAzure } from '../fakes/azure/start.ts';
import { createRandom } from '../fakes/random.ts';
import { AFTER_BOOT, environmentFor } from './provider-world.ts';

const [count = 50, kills = 12, seed = 1] = process.argv.slice(2).map(Number);
const PATIENCE_MS = 600_000;
const LINES = 8;
const random = createRandom(seed);
const fake = await startFakeAzure({ backing: 'sshd', speed: 20, afterBoot: AFTER_BOOT });
Object.assign(process.env, environmentFor(fake), { BERTH_SWEEP_SECONDS: '5', BERTH_AZURE_GRACE_SECONDS: '20' });
const real = await openRealWorld();
const names = Array.from({ length: count }, (_, n) => `s-${n}`);
const began = performance.now();
const failures: string[] = [];

try {
  const azure = { regions: ['westus3', 'eastus', 'northeurope'], network: { allowSSHFrom: ['127.0.0.1/32'] } };
  const spec = { provider: { type: 'Azure' as const, azure }, sizes: [{ name: 'l' as const }], maxVMs: 20, idleTimeoutSeconds: 2 };
  await real.apply('VMPool', 'storm', spec);
  await fake.control.chaos(seed, { forMs: 3_600_000 });
  let controller = real.startController();
  for (let kill = 0; kill < kills; kill++) {
    for (const name of names.slice((kill * count) / kills, ((kill + 1) * count) / kills)) {
      const print = `for i in $(seq ${LINES}); do echo "${name} $i"; sleep 0.5; done`;
      await real.apply('Session', name, { poolRef: { name: 'storm' }, command: ['sh', '-c', print], retryLimit: 3 });
    }
    await delay(random.int(3_000, 12_000));
    const ended = once(controller, 'exit');
    controller.kill('SIGKILL');
    await ended;
    controller = real.startController();
    say(`kill ${kill + 1} of ${kills}; ${(await ends()).length} sessions have ended`);
  }
  await until(async () => (await ends()).length === count, 'all sessions to end');
  await fake.control.chaos(seed, { profile: {}, forMs: 0 });
  await fake.control.clearRules();
  await until(async () => (await fake.control.vms()).length === 0 && (await real.client.list('VM')).length === 0, 'all machines to go');
  for (const name of names) await judge(name);
  await judgeMachines();
} finally {
  await real.close();
  await fake.stop();
}
for (const failure of failures) say(`WRONG: ${failure}`);
say(failures.length === 0 ? `all as it should be, after ${((performance.now() - began) / 1000).toFixed(0)} s` : `${failures.length} wrong`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function ends(): Promise<readonly string[]> {
  const sessions = await real.client.list('Session');
  return sessions.filter(({ status }) => isTrue(status?.conditions, 'Finished')).map(({ metadata }) => metadata.name);
}

/** Once, whole, and in order: of each attempt that was made. */
async function judge(name: string): Promise<void> {
  const status = (await real.session(name))?.status;
  const output = String(await real.output('output', name, '--raw'));
  const whole = Array.from({ length: LINES }, (_, n) => `${name} ${n + 1}\n`).join('');
  if (status?.phase !== 'Completed') failures.push(`session ${name} ended as ${status?.phase}: ${status?.message}`);
  else if (status.attempt === 1 ? output !== whole : !output.endsWith(whole))
    failures.push(`session ${name} printed ${JSON.stringify(output)}`);
}

/** Every name is one VM object's. */
async function judgeMachines(): Promise<void> {
  const requests = await fake.control.requests();
  const { rows, usd, usdPerHour } = await fake.control.bill();
  const machines = new Map(rows.map(({ vm, vmId }) => [vmId, vm]));
  if (new Set(machines.values()).size !== machines.size) failures.push('two machines were made for one VM object');
  if (usdPerHour !== 0) failures.push(`${usdPerHour} USD an hour go on`);
  const left = (await fake.control.resources())
    .map(({ id }) => String(id))
    .filter((id) => /virtualMachines|networkInterfaces|publicIPAddresses|disks/i.test(id));
  if (left.length > 0) failures.push(`left behind: ${left.join(', ')}`);
  const refused = requests.filter(({ status }) => status === 0 || status >= 400).length;
  say(
    `${machines.size} machines for ${count} sessions, ${requests.length} requests of which ${refused} were refused or lost, billed ${usd.toFixed(2)} USD, nothing left`,
  );
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await holds()); await delay(500)) {
    if (performance.now() > end) throw new Error(`${what} took longer than ${PATIENCE_MS / 1000} s`);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
