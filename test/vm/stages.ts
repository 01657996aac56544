// The life of a booted machine, stage by stage: each says what it saw, and fails where that is not what has to be.
import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { findCondition } from '../../controller/api/condition.ts';
import { deriveKey } from '../../controller/provider/azure/keys.ts';
import { ON_VM } from '../../controller/provider/azure/on-vm.ts';
import { until } from '../session/vm-world.ts';
import { loginOutcome, tapLogin } from './probe.ts';
import { ASK, BOMB, EATER, QUIET, SPY, TOKEN, WHO } from './sessions.ts';
import { BOOT_MS, type MachineWorld, POOL, SESSION_MS } from './world.ts';

type Say = (line: string) => void;

interface Stage {
  readonly title: string;
  /** Without it the others can not be tried. */
  readonly needed?: boolean;
  readonly run: (world: MachineWorld, say: Say) => Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const BOOT_ID = 'cat /proc/sys/kernel/random/boot_id';

const create = async ({ berth, fake, apply, startController, freeze, theVM }: MachineWorld, say: Say): Promise<void> => {
  await berth.client.setSecret({ namespace: 'default', name: 'quiet' }, { token: TOKEN });
  await berth.apply('VMPool', POOL, {
    provider: {
      type: 'Azure',
      azure: { subscriptionId: fake.subscription, regions: ['westus3'], network: { allowSSHFrom: ['127.0.0.1/32'] } },
    },
    sizes: [{ name: 'l', slots: 4 }],
    maxVMs: 1,
    bootTimeoutSeconds: BOOT_MS / 1000,
  });
  await apply('quiet', QUIET, { env: [{ name: 'TOKEN', secretRef: { name: 'quiet', key: 'token' } }] });
  startController();
  const machine = await until(async () => {
    const [found] = await fake.control.vms();
    const puts = (await fake.control.requests()).filter(({ method, path }) => method === 'PUT' && /virtualMachines\//.test(path));
    assert.ok(puts.length <= 1);
    return found?.endpoint && found.power === 'running' && puts.length === 1 ? found : undefined;
  }, SESSION_MS);
  freeze();
  say(
    `one PUT made ${machine.name} (${machine.size}, ${machine.region}) for VM ${(await theVM())?.metadata.name}: qemu starts, the controller is held`,
  );
};

const firstContact = async ({ login }: MachineWorld, say: Say): Promise<void> => {
  const right = await login('host-1');
  const wrong = { ...right, hostKeys: [deriveKey(randomBytes(32), 'nobody', 'host-1').publicKey] };
  const began = performance.now();
  const { messages } = await until(async () => {
    const tapped = await tapLogin(wrong);
    assert.is.not(tapped.outcome, 'in');
    return tapped.outcome === 'refused' ? tapped : undefined;
  }, BOOT_MS);
  say(
    `sshd answers ${((performance.now() - began) / 1000).toFixed(1)} s later; with another key pinned: HostKeyMismatch, nobody is logged in`,
  );
  // KEXINIT and ECDH_INIT, public values both; a DISCONNECT may follow. Without NEWKEYS (21) nothing of a login can have been said.
  assert.equal(messages.slice(0, 2), [20, 30]);
  assert.ok(messages.slice(2).every((number) => number === 1));
  say(`all that was sent there: messages ${messages.join(', ')} (20 KEXINIT, 30 ECDH_INIT), so no byte of a login`);
  assert.is(await loginOutcome(await login('host-2')), 'refused');
  assert.is(await loginOutcome(right), 'in');
  say('with the injected key pinned: logged in; with the second derived key alone: refused, as it is not there yet');
};

const firstBoot = async ({ login, look, fake }: MachineWorld, say: Say): Promise<void> => {
  assert.is(await loginOutcome(await login('host-1')), 'in');
  const waited = await look(
    `cloud-init status --wait >/dev/null; cloud-init status --long | grep -v '^$' | paste -sd' '; cat /run/cloud-init/result.json`,
    'host-1',
  );
  assert.match(waited, /status: done/);
  assert.match(waited, /DataSourceAzure \[seed=\/dev\/sr0\]/);
  say(`cloud-init: ${waited.split('\n')[0]}; DataSourceAzure [seed=/dev/sr0]`);
  const told = await look("sudo sha256sum /var/lib/cloud/instance/user-data.txt | cut -d' ' -f1", 'host-1');
  const put = customDataOf(await fake.control.snapshot());
  assert.is(told, createHash('sha256').update(put).digest('hex'));
  say(`its user-data is what was PUT as customData, ${put.length} bytes: sha256 ${told.slice(0, 16)}…`);
  const keys = await look("ls /etc/ssh/ssh_host_*; stat -c '%a %U %n' /home/*; sudo -n id -un", 'host-1');
  assert.is(keys, '/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub\n700 berth /home/berth\nroot');
  say('one host key, ed25519; /home/berth 0700; sudo without a password');
  const [marker = '', ...ledger] = (await look(`cat ${ON_VM.marker} ${ON_VM.ledger}`, 'host-1')).split('\n');
  assert.match(marker, /"status":"(ok|degraded)"/);
  say(`marker ${marker}`);
  say(`ledger ${ledger.map((line) => line.replaceAll('\t', ' ')).join('; ')}`);
  for (const step of ['homes', 'linger', 'dead-mans-switch'])
    assert.ok(ledger.includes(`${step}\tok\t0`), `step ${step} of the first boot`);
};

const customDataOf = (snapshot: unknown): Buffer => {
  const found = /"customData":"([^"]+)"/.exec(JSON.stringify(snapshot))?.[1];
  if (found === undefined) throw new Error('the stand-in does not know the customData any more');
  return Buffer.from(found, 'base64');
};

const secondKey = async ({ login, look, thaw, vmReady, shows, berth }: MachineWorld, say: Say): Promise<void> => {
  thaw();
  await vmReady();
  assert.is(await loginOutcome(await login('host-1')), 'refused');
  assert.is(await loginOutcome(await login('host-2')), 'in');
  say('the controller goes on: VM Ready; the injected key is refused from now on, the second derived one is the pin');
  assert.is(await look('ls /etc/ssh/ssh_host_* | wc -l; ls /etc/ssh/*.new 2>/dev/null | wc -l'), '2\n0');
  await shows('quiet', 'ready');
  const { startTime } = (await berth.session('quiet'))?.status ?? {};
  say(`session quiet runs (since ${startTime})`);
};

const ownUser = async ({ apply, finished, output, look }: MachineWorld, say: Say): Promise<void> => {
  await apply('who', WHO, { prompt: 'what to do\n', memoryMiB: 200 });
  const { status } = await finished('who');
  const said = await output('who');
  assert.equal([status?.phase, status?.exitCode], ['Completed', 0], said);
  const [user = '', ...rest] = said.trim().split('\n');
  assert.match(user, /^berth-[0-9a-f]{10}$/);
  assert.equal(rest, [
    `700 ${user} HOME`,
    `700 ${user} HOME/workspace`,
    `/berth.slice/${user}-1.scope`,
    `memory.max ${200 << 20}`,
    'pids.max 4096',
    rest[5],
    'what to do',
    '/dev/pts/',
    'writable',
  ]);
  assert.match(rest[5] ?? '', /^slice \d+ \d+$/);
  for (const line of [user, ...rest]) say(line);
  const left = `(getent passwd ${user}; ls -d /home/${user}; systemctl list-units --no-legend '${user}*') 2>/dev/null | wc -l`;
  await until(async () => ((await look(left)) === '0' ? true : undefined), SESSION_MS);
  say('cleaned: no user, no home, no scope of it is left');
};

const spied = async ({ apply, finished, output, berth }: MachineWorld, say: Say): Promise<void> => {
  await apply('spy', SPY);
  const { status } = await finished('spy');
  const said = await output('spy');
  assert.match(said, /looked\s*$/);
  assert.not.match(said, TOKEN);
  assert.ok((said.match(/Permission denied|Operation not permitted|password is required|No such file/g) ?? []).length >= 5, said);
  for (const line of said.trim().split('\n').slice(0, 14)) say(line);
  assert.is(status?.phase, 'Completed');
  assert.is(findCondition((await berth.session('quiet'))?.status?.conditions, 'Finished')?.status ?? 'False', 'False');
  say("the token of quiet is nowhere in what the spy saw, and quiet is alive after the spy's kill -9");
};

const eaten = async ({ apply, finished, berth, look }: MachineWorld, say: Say): Promise<void> => {
  await apply('eater', ['python3', '-c', EATER], { memoryMiB: 256 });
  const { status } = await finished('eater');
  assert.equal([status?.phase, status?.exitCode], ['Failed', 137]);
  say(`eater, of 256 MiB: ${status?.phase}, exit code ${status?.exitCode}: ${status?.message}`);
  const killed = await look("sudo journalctl -k --no-pager -o cat | grep -o 'Memory cgroup out of memory.*' | tail -1");
  say(`kernel: ${killed.slice(0, 100)}`);
  assert.is((await berth.session('quiet'))?.status?.phase, 'Running');
  say('its sibling quiet still runs');
};

const bombed = async ({ apply, finished, output, berth, shows }: MachineWorld, say: Say): Promise<void> => {
  await apply('bomb', ['sh', '-c', BOMB], { memoryMiB: 1400 });
  await shows('bomb', '1000 processes');
  const { status } = await finished('bomb');
  say(`bomb: ${(await output('bomb')).trim().split('\n').join('; ')}`);
  assert.match(await output('bomb'), /Cannot fork/);
  assert.is(status?.phase, 'Failed');
  say(`${status?.phase}, exit code ${status?.exitCode}: its 4096th process could not be made, and all of them are gone`);
  assert.is((await berth.session('quiet'))?.status?.phase, 'Running');
  say('its sibling quiet still runs');
};

const asked = async (world: MachineWorld, say: Say): Promise<void> => {
  const { apply, finished, output, berth, shows } = world;
  await apply('ask', ASK);
  const waiting = await until(async () => {
    const found = findCondition((await berth.session('ask'))?.status?.conditions, 'WaitingForInput');
    return found?.status === 'True' ? found : undefined;
  }, SESSION_MS);
  say(`ask waits: ${waiting.message}`);
  await berth.output('send', 'ask', 'yes, do', '--no-up');
  await shows('ask', 'And now?');
  const terminal = await world.terminal();
  try {
    await terminal.begin(`${process.execPath} ${MAIN} attach ask --state ${berth.state}`);
    await until(() => terminal.shows(/And now\?/).catch(() => undefined), SESSION_MS);
    await terminal.type('by hand');
  } finally {
    await terminal.close();
  }
  const { status } = await finished('ask');
  assert.equal([status?.phase, status?.exitCode], ['Failed', 5]);
  const said = (await output('ask')).trim();
  assert.match(said, /told: yes, do\nAnd now\? typed: by hand/);
  say(`${said.replace('\n', ' / ')}; exit code 5`);
};

const rebooted = async ({ look, vmReady, finished, login }: MachineWorld, say: Say): Promise<void> => {
  const seen = `${BOOT_ID}; cat ${ON_VM.marker}; stat -c %Y ${ON_VM.ledger}; sudo sha256sum /etc/ssh/ssh_host_ed25519_key.pub`;
  const [before = '', ...kept] = (await look(seen)).split('\n');
  await look('sudo systemd-run --quiet --on-active=2 systemctl reboot');
  await until(async () => ((await look(BOOT_ID)) === before ? undefined : true), BOOT_MS);
  const [after = '', ...same] = (await look(seen)).split('\n');
  assert.equal(same, kept);
  say(`boot id ${before.slice(0, 8)}… → ${after.slice(0, 8)}…; host key, marker and ledger as before: nothing of the first boot ran again`);
  assert.is(await loginOutcome(await login('host-1')), 'refused');
  const { status } = await finished('quiet');
  assert.is(findCondition(status?.conditions, 'Finished')?.reason, 'VMLost');
  assert.is(status?.exitCode, undefined);
  say(`session quiet, which ran before: ${status?.phase}, no exit code: ${status?.message}`);
  await vmReady();
};

const afterwards = async ({ apply, finished, output }: MachineWorld, say: Say): Promise<void> => {
  await apply('again', 'echo here again');
  const { status } = await finished('again');
  assert.equal([status?.phase, await output('again')], ['Completed', 'here again\n']);
  say('a session on the machine that came back: Completed');
};

const removed = async ({ berth, fake }: MachineWorld, say: Say): Promise<void> => {
  await berth.remove('VMPool', POOL);
  await until(async () => ((await fake.control.vms()).length === 0 ? true : undefined), SESSION_MS);
  say('the pool is deleted: no machine is left');
};

export const STAGES: readonly Stage[] = [
  { title: '1. A session wants a machine', needed: true, run: create },
  { title: '2. First contact', needed: true, run: firstContact },
  { title: '3. The first boot, told by what was PUT', needed: true, run: firstBoot },
  { title: '4. The second host key', needed: true, run: secondKey },
  { title: '5. A session has a user and a scope of its own', run: ownUser },
  { title: '6. A session that spies on others', run: spied },
  { title: '7. A session that eats all memory', run: eaten },
  { title: '8. A fork bomb', run: bombed },
  { title: '9. A session that asks', run: asked },
  { title: '10. The machine reboots', run: rebooted },
  { title: '11. A session after the reboot', run: afterwards },
  { title: '12. The end', run: removed },
];
