// What whoever holds the control API can make happen, or let be so, beside rules on requests.
import { randomUUID } from 'node:crypto';
import { type Azure, find } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { foldLocation } from './json.ts';
import { removeGroup } from './resources/groups.ts';
import { insert, remove } from './resources/store.ts';
import { evict, powerDown, reachableAddress, vanish } from './vm-power.ts';

export type Directive =
  /** So many more allocations succeed. */
  | {
      readonly kind: 'capacity';
      readonly region: string;
      readonly size?: string;
      readonly family?: string;
      readonly zone?: string;
      readonly priority?: 'Spot' | 'Regular';
      readonly left: number;
    }
  /** `of`: cores, lowPriorityCores, publicIPs or a family's name. */
  | { readonly kind: 'quota'; readonly region: string; readonly of: string; readonly limit: number }
  | {
      readonly kind: 'restrict';
      readonly region: string;
      readonly size: string;
      readonly zones?: readonly string[];
      readonly off?: boolean;
    }
  /** In USD an hour, also of what was not sold before; Spot at a fifth of it unless told. What runs is billed as it was begun. */
  | { readonly kind: 'price'; readonly region: string; readonly size: string; readonly usd: number; readonly spotUSD?: number }
  /** The machine is gone, as when somebody deletes it elsewhere. */
  | { readonly kind: 'vmVanish'; readonly name: string; readonly children?: boolean }
  | { readonly kind: 'evict'; readonly name: string; readonly noticeMs?: number }
  /** `shutdown` inside the guest: stopped, allocated, billed. */
  | { readonly kind: 'vmStop'; readonly name: string }
  /** The guest reboots: what ran is gone, the disk is not. */
  | { readonly kind: 'vmReboot'; readonly name: string }
  | { readonly kind: 'hostKeyChange'; readonly name: string }
  /** Of one that runs: sshd stops, or (`off`) starts again. Of one to come: a trap. */
  | { readonly kind: 'sshRefuse'; readonly name: string; readonly off?: boolean }
  /** Of machines to come; `name` is a regular expression. */
  | { readonly kind: 'bootFail'; readonly name: string; readonly off?: boolean }
  | { readonly kind: 'cloudInitFail'; readonly name: string; readonly step?: string; readonly off?: boolean }
  /** Every token there is ends now. */
  | { readonly kind: 'tokenExpire' }
  /** Sign-in is refused with this AADSTS code; without one it works again. */
  | { readonly kind: 'entra'; readonly code?: string }
  /** `action` as in `Microsoft.Compute/virtualMachines/write`, with * ; `scope` a regular expression. */
  | { readonly kind: 'rbacDeny'; readonly action: string; readonly scope?: string; readonly off?: boolean }
  | { readonly kind: 'subscriptionDisabled'; readonly subscription?: string; readonly off?: boolean }
  | { readonly kind: 'providerNotRegistered'; readonly namespace: string; readonly off?: boolean }
  | { readonly kind: 'rgDelete'; readonly group: string }
  /** Somebody else's resource; without a type a machine's disk. */
  | {
      readonly kind: 'foreign';
      readonly group: string;
      readonly name: string;
      readonly type?: string;
      readonly region?: string;
      readonly tags?: Readonly<Record<string, string>>;
    };

/** Throws where it is about something that is not there. */
export const obey = async (azure: Azure, told: Directive): Promise<void> => {
  const { faults } = azure.world;
  switch (told.kind) {
    case 'capacity': {
      const { kind: _, ...entry } = told;
      const same = ({ left: _left, ...rest }: object & { left: number }): string => JSON.stringify(Object.entries(rest).sort());
      faults.capacity.splice(0, Infinity, ...faults.capacity.filter((old) => same(old) !== same(entry)), { ...entry });
      return;
    }
    case 'quota':
      faults.quotas.push({ region: told.region, of: told.of, limit: told.limit });
      return;
    case 'price': {
      const { kind: _, spotUSD = told.usd / 5, ...price } = told;
      azure.world.prices.push({ ...price, spotUSD });
      return;
    }
    case 'restrict': {
      const others = faults.restrictions.filter(
        (old) => foldLocation(old.region) !== foldLocation(told.region) || old.size.toLowerCase() !== told.size.toLowerCase(),
      );
      const zones = told.zones ? { zones: told.zones } : {};
      faults.restrictions.splice(0, Infinity, ...others, ...(told.off ? [] : [{ region: told.region, size: told.size, ...zones }]));
      return;
    }
    case 'bootFail':
    case 'cloudInitFail':
    case 'sshRefuse':
      return trap(azure, told);
    case 'tokenExpire':
      for (const [token, known] of azure.world.tokens) azure.world.tokens.set(token, { ...known, until: Date.now() - 1 });
      return;
    case 'entra':
      faults.entra = told.code;
      return;
    case 'rbacDeny':
      return toggle(faults.denied, { action: told.action, scope: told.scope ?? '' }, told.off);
    case 'subscriptionDisabled':
      return toggle(faults.disabled, told.subscription ?? azure.world.subscriptions[0] ?? '', told.off);
    case 'providerNotRegistered':
      return toggle(faults.unregistered, told.namespace.toLowerCase(), told.off);
    case 'rgDelete':
      return removeGroup(azure, `/subscriptions/${azure.world.subscriptions[0]}/resourceGroups/${told.group}`.toLowerCase());
    case 'foreign':
      return foreign(azure, told);
    default:
      return happenTo(azure, machineNamed(azure, told.name), told);
  }
};

type OfMachine = Extract<Directive, { kind: 'vmVanish' | 'evict' | 'vmStop' | 'vmReboot' | 'hostKeyChange' }>;

const happenTo = async (azure: Azure, vm: VirtualMachine, told: OfMachine): Promise<void> => {
  switch (told.kind) {
    case 'vmVanish':
      return vanish(azure, vm, told.children ?? true);
    case 'vmStop':
      if (vm.machine.power !== 'running') throw new Error(`${vm.name} does not run: it is ${vm.machine.power}`);
      return powerDown(azure, vm, 'stopped');
    case 'hostKeyChange':
      return azure.backing.changeHostKey(vm.machine.vmId);
    case 'vmReboot': {
      const address = reachableAddress(azure, vm);
      await azure.backing.stop(vm.machine.vmId);
      if (address !== undefined) await azure.backing.start(vm, address);
      return;
    }
    case 'evict': {
      const noticeMs = told.noticeMs ?? 0;
      if (noticeMs === 0) return evict(azure, vm.id);
      vm.machine.eviction = { id: randomUUID(), at: azure.clock.now() + noticeMs };
      azure.after(noticeMs, { kind: 'evict', id: vm.id.toLowerCase() });
    }
  }
};

const trap = async (azure: Azure, told: Extract<Directive, { kind: 'bootFail' | 'cloudInitFail' | 'sshRefuse' }>): Promise<void> => {
  const { traps } = azure.world.faults;
  traps.splice(0, Infinity, ...traps.filter(({ kind, name }) => kind !== told.kind || name !== told.name));
  const step = told.kind === 'cloudInitFail' && told.step !== undefined ? { step: told.step } : {};
  if (!told.off) traps.push({ kind: told.kind, name: told.name, ...step });
  if (told.kind !== 'sshRefuse') return;
  for (const vm of machines(azure).filter(({ name }) => new RegExp(told.name, 'i').test(name))) {
    if (told.off) delete vm.machine.guest.sshRefused;
    else vm.machine.guest.sshRefused = true;
    const address = reachableAddress(azure, vm);
    if (!told.off) await azure.backing.serveSSH(vm.machine.vmId, false);
    else if (vm.machine.power === 'running' && address !== undefined) await azure.backing.start(vm, address);
  }
};

const toggle = <Item>(items: Item[], item: Item, off = false): void => {
  const wanted = JSON.stringify(item);
  items.splice(0, Infinity, ...items.filter((old) => JSON.stringify(old) !== wanted), ...(off ? [] : [item]));
};

const foreign = (
  azure: Azure,
  { group, name, type = 'Microsoft.Compute/disks', region = 'westus3', tags = {} }: Directive & { kind: 'foreign' },
): void => {
  const scope = `/subscriptions/${azure.world.subscriptions[0]}/resourceGroups/${group}`;
  if (!find(azure, scope))
    insert(azure, {
      id: scope,
      type: 'Microsoft.Resources/resourceGroups',
      location: region,
      tags: {},
      properties: { provisioningState: 'Succeeded' },
    });
  const id = `${scope}/providers/${type}/${name}`;
  remove(azure, id);
  insert(azure, { id, type, location: region, tags: { ...tags }, properties: { provisioningState: 'Succeeded' } });
};

export const machines = (azure: Azure): readonly VirtualMachine[] =>
  [...azure.world.resources.values()].filter((resource): resource is VirtualMachine => resource.machine !== undefined);

export const machineNamed = (azure: Azure, name: string): VirtualMachine => {
  const found = machines(azure).find((vm) => vm.name.toLowerCase() === name.toLowerCase());
  if (!found) throw new Error(`there is no virtual machine named ${name}`);
  return found;
};
