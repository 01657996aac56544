// The daily shutdown of Azure's DevTest Labs, for machines that have no identity to deallocate themselves with. It comes some time
// after a controller was last there, under a session too, and is put off with the heartbeat of whoever looks after the machine.
import type { Clock } from '../../api/clock.ts';
import { errorMessage } from '../../api/error.ts';
import type { AzurePool } from './azure-pool.ts';
import { type AzureClients, callOptions } from './clients.ts';
import { machineNames } from './names.ts';
import type { AzureSettings } from './settings.ts';

export const SCHEDULES = 'Microsoft.DevTestLab/schedules';
const API_VERSION = '2018-09-15';

const HOUR_MS = 3_600_000;
const AGAIN_MS = 600_000;

/** A time of the day is less than a day ahead; and what comes too soon Azure passes over. */
export const scheduleMs = ({ deadMansSwitchMaxSeconds }: Pick<AzureSettings, 'deadMansSwitchMaxSeconds'>): number =>
  Math.min(23 * HOUR_MS, Math.max(HOUR_MS, deadMansSwitchMaxSeconds * 1000));

/** Sets it anew where a good part of its time has passed. What fails is told in a condition, and tried again. */
export const putOffShutdown = async (azure: AzurePool, vmUID: string, signal: AbortSignal): Promise<void> => {
  const { known, schedules, settings } = azure;
  const vm = known.get(vmUID);
  const afterMs = scheduleMs(settings);
  if (!vm?.id || vm.identity || !schedules.isDue(vmUID)) return;
  schedules.put(vmUID, afterMs / 4);
  const body = {
    location: vm.location,
    ...(vm.tags ? { tags: vm.tags } : {}),
    properties: {
      status: 'Enabled',
      taskType: 'ComputeVmShutdownTask',
      dailyRecurrence: { time: timeOfDay(azure.clock.now() + afterMs) },
      timeZoneId: 'UTC',
      targetResourceId: vm.id,
      notificationSettings: { status: 'Disabled' },
    },
  };
  try {
    await azure.azure.call(async ({ resources }) => {
      const options = callOptions(vm.location, signal);
      await resources.resources.createOrUpdateById(idOf(String(vm.id), vmUID), API_VERSION, body, options).submitted();
    });
    schedules.put(vmUID, afterMs / 4);
  } catch (error) {
    schedules.put(vmUID, AGAIN_MS, errorMessage(error));
  }
};

/** With its machine; of what is left the sweep takes care. */
export const removeShutdown = async (azure: AzurePool, vmID: string, vmUID: string, signal: AbortSignal): Promise<void> => {
  const vm = azure.known.get(vmUID);
  azure.schedules.forget(vmUID);
  if (vm?.identity) return;
  const removing = azure.azure.call(async ({ resources }) => {
    await deleteSchedule(resources, idOf(vmID, vmUID), callOptions(vm?.location, signal)).submitted();
  });
  await removing.catch(() => undefined);
};

export const deleteSchedule = ({ resources }: AzureClients['resources'], id = '', options: ReturnType<typeof callOptions>) =>
  resources.deleteById(id.replace(/^\//, ''), API_VERSION, options);

export interface Schedules {
  isDue(vmUID: string): boolean;
  /** Due again after that time. */
  put(vmUID: string, afterMs: number, problem?: string): void;
  forget(vmUID: string): void;
  /** Why the last one could not be set. */
  readonly problem: string | undefined;
}

/** By the wall clock: Azure's time goes on while this machine sleeps. */
export const createSchedules = (clock: Clock): Schedules => {
  const set = new Map<string, { readonly at: number; readonly afterMs: number }>();
  let problem: string | undefined;
  return {
    isDue: (vmUID) => {
      const { at = 0, afterMs = 0 } = set.get(vmUID) ?? {};
      const elapsed = clock.now() - at;
      return elapsed < 0 || elapsed >= afterMs;
    },
    put: (vmUID, afterMs, why) => {
      set.set(vmUID, { at: clock.now(), afterMs });
      problem = why;
    },
    forget: (vmUID) => void set.delete(vmUID),
    get problem() {
      return problem;
    },
  };
};

/** HHmm, in UTC. */
const timeOfDay = (time: number): string => new Date(time).toISOString().slice(11, 16).replace(':', '');

/** As the SDK wants it: without the first slash. */
const idOf = (vmID: string, vmUID: string): string =>
  `${vmID.slice(1, vmID.indexOf('/providers/'))}/providers/${SCHEDULES}/${machineNames(vmUID).schedule}`;
