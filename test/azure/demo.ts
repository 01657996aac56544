// `npm run demo:azure`: an Azure pool without an account. A fake Azure Resource Manager (https, quotas, prices, a billing meter)
// whose machines are real sshd processes, the built program, and three sessions. Ends with nothing left, and says so.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Session } from '../../controller/api/types.generated.ts';
import { startFakeAzure } from '../fakes/azure/start.ts';
import { until } from '../fakes/until.ts';
import { AFTER_BOOT, environmentFor } from './provider-world.ts';

const NAMES = ['one', 'two', 'three'];
/** The fake's machines boot in about two seconds instead of twenty. */
const SPEED = 10;
const PATIENCE_MS = 90_000;
const pool = `apiVersion: berth.dev/v1alpha1
kind: VMPool
metadata:
  name: cloud
spec:
  provider:
    type: Azure
    azure:
      regions: [westus3, eastus]
      network: {allowSSHFrom: [127.0.0.1/32]}
  sizes: [{name: l}]
  idleTimeoutSeconds: 3
  budget: {maxHourlyUSD: "5"}
`;
const session = (name: string) => `apiVersion: berth.dev/v1alpha1
kind: Session
metadata:
  name: ${name}
spec:
  poolRef: {name: cloud}
  command:
    - bash
    - -c
    - echo "Session ${name} on $(hostname), as $(id -un)"; for step in plan write test; do echo "Step $step"; sleep 1; done
`;

const directory = mkdtempSync(join(tmpdir(), 'berth-azure-'));
const program = resolve(import.meta.dirname, '..', '..', 'dist', 'berth.mjs');
const fake = await startFakeAzure({ backing: 'sshd', speed: SPEED, afterBoot: AFTER_BOOT });
const env = { ...process.env, ...environmentFor(fake), BERTH_STORE: `dir:${directory}` };

say(`A fake Azure at ${fake.url}, and a directory for Berth to watch: ${directory}`);
try {
  heading('1. A controller in the background', 'berth up');
  mustBerth('up');
  heading('2. An Azure pool and three sessions are files in that directory', 'cat pool.yaml one.yaml');
  say(indented(`${pool}---\n${session('one')}`));
  writeFileSync(join(directory, 'pool.yaml'), pool);
  writeFileSync(join(directory, 'sessions.yaml'), NAMES.map(session).join('---\n'));
  heading('3. The three share one machine, made by one request', 'berth wait one two three');
  await until(() => NAMES.every((name) => existsSync(resourceOf(name))), 'the controller to see the files', PATIENCE_MS);
  mustBerth('wait', ...NAMES, '--timeout', '90s');
  const made = await puts();
  const [machine] = made;
  say(indented(`${made.length} PUT of a virtual machine: ${machine?.path.split('/').at(-1)}, HTTP ${machine?.status}`));
  if (made.length !== 1) throw new Error(`${made.length} machines were asked for, not one`);
  mustBerth('list');
  mustBerth('status');
  heading('4. Output and cost are in the resource', 'cat .berth/sessions/default/one.yaml');
  const resource = readFileSync(resourceOf('one'), 'utf8');
  say(indented(resource.slice(resource.indexOf('status:'))));
  check(parse(resource) as Session);
  heading('5. Idle, the machine goes, with its disk, interface and address; the meter stops');
  await until(async () => (await fake.control.bill()).running === 0 && (await parts()).length === 0, 'the end of the machine', PATIENCE_MS);
  const { usd, usdPerHour } = await fake.control.bill();
  say(indented(`machines, disks, interfaces, addresses: ${(await parts()).length}`));
  say(indented(`billed: ${usd.toFixed(4)} USD, and ${usdPerHour} USD an hour from here on`));
  heading('6. With the pool go its network and its resource group', 'rm pool.yaml; berth get vmpools');
  spawnSync('rm', [join(directory, 'pool.yaml')]);
  await until(async () => (await fake.control.resources()).length === 0, 'the end of all resources', PATIENCE_MS);
  say(indented(`resources in the subscription: ${(await fake.control.resources()).length}`));
} catch (error) {
  say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  const log = join(directory, '.berth', 'controller.log');
  if (existsSync(log)) say(readFileSync(log, 'utf8').split('\n').slice(-20).join('\n'));
  process.exitCode = 1;
} finally {
  heading('7. The controller stops', 'berth down');
  if (berth('down') !== 0) process.exitCode = 1;
  await fake.stop();
}

function resourceOf(name: string): string {
  return join(directory, '.berth', 'sessions', 'default', `${name}.yaml`);
}

async function puts() {
  return (await fake.control.requests()).filter(({ method, path }) => method === 'PUT' && path.includes('/virtualMachines/'));
}

/** What costs money. */
async function parts(): Promise<readonly string[]> {
  const all = (await fake.control.resources()).map(({ id }) => String(id));
  return all.filter((id) => /\/(virtualMachines|disks|networkInterfaces|publicIPAddresses)\//i.test(id));
}

function check({ status }: Session): void {
  if (status?.phase !== 'Completed') throw new Error(`session one ended as ${status?.phase}, not as Completed`);
  if (!status.output?.tail?.includes('Step test') || status.cost?.vmUSD === undefined) throw new Error('its output or its cost is missing');
}

function berth(...words: readonly string[]): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { env, encoding: 'utf8' });
  say(indented(stdout + stderr));
  return status ?? 1;
}

function mustBerth(...words: readonly string[]): void {
  if (berth(...words) !== 0) throw new Error(`berth ${words.join(' ')} failed`);
}

function heading(title: string, command?: string): void {
  say(`\n${title}${command === undefined ? '' : `\n  $ ${command}`}`);
}

function indented(text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, '    ');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
