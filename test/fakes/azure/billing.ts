// The meter: seconds in allocated states times the price of the size.
import type { Azure } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { priceOf } from './prices.ts';
import type { Bill, World } from './world.ts';

export interface BillRow extends Bill {
  readonly seconds: number;
  readonly usd: number;
}

export interface BillSum {
  readonly usd: number;
  /** Of what is allocated now. */
  readonly usdPerHour: number;
  readonly running: number;
  readonly rows: readonly BillRow[];
}

export const startMeter = (azure: Azure, { name, location, machine }: VirtualMachine): void => {
  if (machine.allocated) return;
  machine.allocated = true;
  const { usd = 0, spotUSD = 0 } = priceOf(azure.world, machine.size, location) ?? {};
  const usdPerHour = machine.spot ? spotUSD : usd;
  azure.world.bills.push({ vm: name, vmId: machine.vmId, size: machine.size, region: location, usdPerHour, from: azure.clock.now() });
};

export const stopMeter = (azure: Azure, { machine }: VirtualMachine): void => {
  if (!machine.allocated) return;
  machine.allocated = false;
  const open = azure.world.bills.findLast((bill) => bill.vmId === machine.vmId && bill.to === undefined);
  if (open) open.to = azure.clock.now();
};

export const billOf = (world: World, now: number): BillSum => {
  const rows = world.bills.map((bill) => {
    const seconds = ((bill.to ?? now) - bill.from) / 1000;
    return { ...bill, seconds, usd: (seconds / 3600) * bill.usdPerHour };
  });
  const open = rows.filter(({ to }) => to === undefined);
  return {
    usd: rows.reduce((sum, { usd }) => sum + usd, 0),
    usdPerHour: open.reduce((sum, { usdPerHour }) => sum + usdPerHour, 0),
    running: open.length,
    rows,
  };
};
