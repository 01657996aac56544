// The daily shutdown: when it comes next, and what it does.
import { type Azure, find } from './azure.ts';
import { dig, text } from './json.ts';
import { preempt } from './operations.ts';
import { beginOn } from './vm-machine.ts';
import { machineAt, powerDown } from './vm-power.ts';

const DAY = 24 * 3600_000;

/** The first HHmm (UTC) after `now`, ms. */
export const nextTime = (now: number, time: string): number => {
  const midnight = Math.floor(now / DAY) * DAY;
  const at = midnight + Number(time.slice(0, 2)) * 3600_000 + Number(time.slice(2)) * 60_000;
  return at > now ? at : at + DAY;
};

/** A schedule has come due; one that was moved since has another timer. */
export const shutdownEvent = (azure: Azure, id: string, time: string): void => {
  const schedule = find(azure, id);
  if (!schedule || text(dig(schedule.properties, 'dailyRecurrence', 'time')) !== time) return;
  azure.after(nextTime(azure.clock.now(), time) - azure.clock.now(), { kind: 'schedule', id, time });
  if (schedule.properties.status !== 'Enabled') return;
  const vm = machineAt(azure, text(schedule.properties.targetResourceId) ?? '');
  if (!vm || ['none', 'deallocated', 'deallocating'].includes(vm.machine.power)) return;
  preempt(azure, vm.machine.operation);
  powerDown(azure, vm, 'deallocating');
  beginOn(azure, { subscription: vm.subscription, type: vm.type, id: vm.id, plan: {} }, vm, 'deallocate', 'deallocated');
};
