// systemd's timers on machines without systemd: what is enabled there runs as root when it is time by the fake's clock. The kernel's
// clock is this system's: where told time has gone faster, the machine has been up for longer, and what lies in /run is older.
import { type Azure, find } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import type { Event } from './timers.ts';

/** One line a timer: seconds after boot, seconds between two runs, command. */
const ENABLED = `for link in /etc/fake-azure/timers/*.timer; do
  timer=$(readlink -e "$link") || continue
  say() { sed -n "s/^$1=//p" "$2"; }
  printf '%s\\t%s\\t%s\\n' "$(say OnBootSec "$timer")" "$(say OnUnitActiveSec "$timer")" "$(say ExecStart "\${timer%.timer}.service")"
done`;

/** Usage: sh -c RUN sh OLDER-BY UP COMMAND; both in seconds. */
const RUN = `[ "$1" = 0 ] || find /run -xdev -type f | while read -r file; do touch -c -d "@$(($(stat -c %Y "$file") - $1))" "$file"; done
echo "$2 0" > /run/fake-azure.uptime
grep -q ' /proc/uptime ' /proc/self/mountinfo || mount --bind /run/fake-azure.uptime /proc/uptime
exec env SSL_CERT_FILE=/etc/fake-azure/ca.crt sh -c "exec $3"`;

/** After its boot: `booted` is when that was. */
export const armTimers = async (azure: Azure, vm: VirtualMachine, booted: number): Promise<void> => {
  vm.machine.booted = booted;
  vm.machine.ahead = azure.clock.now() - Date.now();
  const ran = await azure.backing.run(vm.machine.vmId, ['sh', '-c', ENABLED]);
  for (const line of ran?.stdout.split('\n').filter(Boolean) ?? []) {
    const [first, every, command = 'true'] = line.split('\t');
    const event: Event = { kind: 'timer', id: vm.id.toLowerCase(), booted, everyMs: Number(every) * 1000, command };
    azure.after(Math.max(0, booted + Number(first) * 1000 - azure.clock.now()), event);
  }
};

/** A timer has come due: time that is moved on waits until what it runs has ended. */
export const timerEvent = (azure: Azure, event: Event & { kind: 'timer' }): void => {
  const vm = find(azure, event.id) as VirtualMachine | undefined;
  if (vm?.machine.power !== 'running' || vm.machine.booted !== event.booted) return;
  azure.after(event.everyMs, event);
  const running = runOn(azure, vm, event).finally(() => azure.running.delete(running));
  azure.running.add(running);
};

const runOn = async (azure: Azure, vm: VirtualMachine, { booted, command }: Event & { kind: 'timer' }): Promise<void> => {
  const { machine } = vm;
  const now = azure.clock.now();
  const olderBy = Math.max(0, Math.floor((now - Date.now() - (machine.ahead ?? 0)) / 1000));
  machine.ahead = (machine.ahead ?? 0) + olderBy * 1000;
  const argv = ['sh', '-c', RUN, 'sh', String(olderBy), ((now - booted) / 1000).toFixed(2), command];
  // It may well take the machine's power, and end with it.
  const ran = await Promise.resolve(azure.backing.run(machine.vmId, argv)).catch(() => undefined);
  for (const text of [ran?.stdout, ran?.stderr]) if (text) machine.serialLog.push(`${new Date(now).toISOString()} ${text.trimEnd()}`);
};
