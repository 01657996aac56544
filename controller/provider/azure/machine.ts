// A virtual machine of Azure as the core knows machines. Its provisioning state tells what its last operation came to, not how it
// fares: one that failed to report may well run (cluster-autoscaler has the same rule). The power state comes first.
import type { VirtualMachine } from '@azure/arm-compute';
import { timestamp } from '../../api/clock.ts';
import { formatMoney } from '../../api/money.ts';
import type { Machine } from '../provider.ts';
import { type Asked, classifyError, type Refusal } from './classify-error.ts';
import { createdTimeOf, vmUIDOf } from './names.ts';
import { hourlyPrice, type Prices, priceOf } from './prices.ts';
import { type Priority, regionName, type Zone } from './settings.ts';
import { builtInFacts, type SKUFacts } from './sku-facts.ts';

/** What is known of it besides its resource. */
export interface KnownOfMachine {
  /** Of its network interface. */
  readonly address?: string;
  readonly hostKey?: string;
  /** We asked for its end. */
  readonly asked?: 'delete';
}

/** Undefined where it was not made for a VM object. `prices`: those that were read. */
export const machineOf = (vm: VirtualMachine, { address, hostKey, asked }: KnownOfMachine, prices: Prices): Machine | undefined => {
  const vmUID = vmUIDOf(vm.tags);
  if (vm.id === undefined || vmUID === undefined) return undefined;
  const region = regionName(vm.location);
  const sku = vm.hardwareProfile?.vmSize;
  const price = sku === undefined ? undefined : priceOf(prices, { sku, region });
  return {
    id: vm.id,
    vmUID,
    createdTime: vm.timeCreated ? timestamp(vm.timeCreated.getTime()) : (createdTimeOf(vm.tags) ?? timestamp(0)),
    region,
    ...(address === undefined ? {} : { address }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(sku === undefined ? {} : { sku }),
    ...(price === undefined ? {} : { hourlyUSD: formatMoney(hourlyPrice(price, priorityOf(vm))) }),
    ...stateOf(vm, asked, address),
  };
};

type State = Pick<Machine, 'state' | 'reason' | 'message'>;

const stateOf = (vm: VirtualMachine, asked: KnownOfMachine['asked'], address: string | undefined): State => {
  const provisioning = vm.provisioningState?.toLowerCase() ?? '';
  if (provisioning === 'deleting' || asked === 'delete') return { state: 'deleting' };
  switch (powerOf(vm)) {
    case 'deallocated':
      return provisioning === 'failed' ? notStarted(vm) : deallocated(vm);
    case 'stopped':
      return { state: 'stopped', reason: 'MachineStopped', message: 'its machine was shut down, from inside or in the portal' };
    case 'starting':
      return { state: 'creating' };
    case 'running':
    // What runs there may go on until it has really stopped: nothing is to be started elsewhere before.
    case 'stopping':
    case 'deallocating':
      return reachable(address);
    default:
      return provisioning === 'failed' || provisioning === 'canceled' ? failed(vm) : withoutPower(provisioning, address);
  }
};

const reachable = (address: string | undefined): State => ({ state: address === undefined ? 'creating' : 'running' });

/** Azure does not always say how a machine fares: then it is not taken for lost. */
const withoutPower = (provisioning: string, address: string | undefined): State =>
  provisioning === 'succeeded' || provisioning === 'updating' ? reachable(address) : { state: 'creating' };

const deallocated = ({ priority }: VirtualMachine) =>
  priority === 'Spot'
    ? ({ state: 'deallocated', reason: 'SpotEvicted', message: 'Azure took its Spot machine away' } as const)
    : ({
        state: 'deallocated',
        reason: 'MachineStopped',
        message: "its machine was deallocated, by its dead-man's switch, a schedule or in the portal",
      } as const);

/** What failed last on one that is off, was to start it. */
const notStarted = (vm: VirtualMachine): State => {
  const { reason, message } = deallocated(vm);
  return { state: 'stopped', reason, message: `${message}; it could not be started again: ${failed(vm).message}` };
};

const failed = (vm: VirtualMachine): State => {
  const refusal = refusalOf(vm) ?? UNEXPLAINED;
  const { message } = classifyError(refusal, askedOf(vm, builtInFacts(skuOf(vm))));
  return { state: 'failed', reason: refusal.code ?? 'MachineFailed', message };
};

const UNEXPLAINED: Refusal = { phase: 'async', message: 'Azure does not say why' };

/** Why making it, or its last operation, failed; undefined where it did not. */
export const refusalOf = (vm: VirtualMachine): Refusal | undefined => {
  for (const { code = '', message = '' } of vm.instanceView?.statuses ?? []) {
    const found = /^ProvisioningState\/failed(?:\/(?<code>\w+))?$/i.exec(code);
    if (!found) continue;
    const said = found.groups?.code;
    return { phase: 'async', message, ...(said === undefined ? {} : { code: said }) };
  }
  return undefined;
};

/** What its request had asked for, so that a refusal after the fact blocks what a refusal at once would have. */
export const askedOf = (vm: VirtualMachine, facts: SKUFacts): Asked => ({
  name: vm.name ?? '',
  sku: skuOf(vm),
  region: regionName(vm.location),
  zone: vm.zones?.find(isZone),
  priority: priorityOf(vm),
  facts,
});

/** As it was really made: a Spot machine that was not to be had may be a regular one. */
const priorityOf = ({ priority }: VirtualMachine): Priority => (priority === 'Spot' ? 'Spot' : 'Regular');

const skuOf = ({ hardwareProfile }: VirtualMachine): string => hardwareProfile?.vmSize ?? '';

const isZone = (zone: string): zone is Zone => zone === '1' || zone === '2' || zone === '3';

const powerOf = (vm: VirtualMachine): string | undefined =>
  vm.instanceView?.statuses?.flatMap(({ code = '' }) => /^PowerState\/(\w+)$/i.exec(code)?.[1]?.toLowerCase() ?? [])[0];
