// How long what is between a controller and a VM stays broken, where it is to be longer than it takes to be noticed.
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 1_000;

/** Lasts for VM_OUTAGE_SECONDS (0 unless set). What is to hold all the while is looked at each second, and once at least. */
export const outage = async (holds: () => unknown): Promise<void> => {
  const end = performance.now() + Number(process.env.VM_OUTAGE_SECONDS ?? '0') * 1000;
  await holds();
  for (; performance.now() < end; await delay(LOOK_MS)) await holds();
};
