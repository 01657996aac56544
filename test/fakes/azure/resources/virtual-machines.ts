// Virtual machines: PUT, GET, PATCH and the lists. Their actions are in vm-actions.ts.
import { randomUUID } from 'node:crypto';
import { errorOf, refuse } from '../arm-error.ts';
import type { Answer, Azure, Call, Handler } from '../azure.ts';
import { find } from '../azure.ts';
import type { VirtualMachine } from '../backing/backing.ts';
import { dig, type JSONObject, list, object, stringMap, text } from '../json.ts';
import { accepted } from '../operations.ts';
import { quotaRefusal, restrictionRefusal } from '../quota.ts';
import { beginOn } from '../vm-machine.ts';
import { machineAt } from '../vm-power.ts';
import { validate, type Wanted } from '../vm-validate.ts';
import { instanceView, showMachine, showStatus } from '../vm-view.ts';
import type { Resource } from '../world.ts';
import { insert, page, touch, typed } from './store.ts';

const TYPE = 'Microsoft.Compute/virtualMachines';

export const getMachine: Handler = (azure, call) => ({ status: 200, body: showMachine(existing(azure, call), call.query('$expand')) });

export const getInstanceView: Handler = (azure, call) => ({ status: 200, body: instanceView(existing(azure, call)) });

export const existing = (azure: Azure, call: Call): VirtualMachine => {
  const vm = machineAt(azure, call.id);
  if (!vm) throw errorOf('resource_not_found', { vm: call.name, rg: call.group });
  return vm;
};

export const putMachine: Handler = (azure, call) => {
  const wanted = validate(azure, call);
  const vm = machineAt(azure, call.id);
  checkPreconditions(call, vm);
  if (vm) return update(azure, call, vm, wanted);
  checkInterfaces(azure, call, wanted);
  const blanks = { sub: call.subscription, rg: call.group, vm: call.name, id: call.id };
  const wish = { ...wanted, region: azureLocation(wanted.location) };
  const refusal = restrictionRefusal(azure.world, wish, blanks) ?? quotaRefusal(azure, wish, wanted.size.vCPUs);
  if (refusal) throw refusal;
  const made = create(azure, call, wanted);
  const operation = beginOn(azure, call, made, 'create', 'allocated');
  return accepted(azure, call, operation, 201, showMachine(made));
};

const azureLocation = (location: string): string => location.toLowerCase().replaceAll(' ', '');

const checkPreconditions = (call: Call, vm: VirtualMachine | undefined): void => {
  const { 'if-match': match, 'if-none-match': noneMatch } = call.headers;
  const failed = (noneMatch === '*' && vm) || (match !== undefined && (!vm || (match !== '*' && match !== `"${vm.etag}"`)));
  if (failed) throw refuse(412, 'PreconditionFailed', `The precondition given in the request headers failed for resource ${call.id}.`);
};

/** An explicit one has to be there, free, and not kept for another machine. */
const checkInterfaces = (azure: Azure, call: Call, { properties }: Wanted): void => {
  for (const reference of list(dig(properties, 'networkProfile', 'networkInterfaces'))) {
    const id = text(dig(reference, 'id')) ?? '';
    const nic = find(azure, id);
    if (!nic) throw refuse(404, 'NotFound', `Resource ${id} not found.`);
    if (nic.reserved && nic.reserved.until > azure.clock.now() && nic.reserved.vm.toLowerCase() !== call.id.toLowerCase()) {
      throw errorOf('nic_reserved', { sub: call.subscription, rg: call.group, vm: nic.reserved.vm.split('/').at(-1) });
    }
    const holder = text(dig(nic.properties, 'virtualMachine', 'id'));
    if (holder !== undefined && holder.toLowerCase() !== call.id.toLowerCase()) {
      throw refuse(400, 'NicInUse', `Network Interface ${id} is used by existing resource ${holder}.`);
    }
  }
};

const create = (azure: Azure, call: Call, { body, properties, location, size, spot, zone }: Wanted): VirtualMachine => {
  const { osProfile, ...rest } = properties;
  const { location: _location, tags, properties: _properties, ...top } = body;
  const resource = insert(azure, { id: call.id, type: TYPE, location, tags: stringMap(tags), top, properties: completed(rest) });
  const traps = azure.world.faults.traps.filter((trap) => new RegExp(trap.name, 'i').test(call.name));
  const cloudInit = traps.find(({ kind }) => kind === 'cloudInitFail');
  const machine = {
    vmId: randomUUID(),
    size: size.name,
    spot,
    ...(zone === undefined ? {} : { zone }),
    power: 'none' as const,
    allocated: false,
    counted: true,
    agentReady: false,
    operation: '',
    osProfile: { shown: withoutSecrets(object(osProfile)), hidden: object(osProfile) },
    children: [],
    guest: {
      ...(traps.some(({ kind }) => kind === 'bootFail') ? { bootFails: true } : {}),
      ...(traps.some(({ kind }) => kind === 'sshRefuse') ? { sshRefused: true } : {}),
      ...(cloudInit ? { cloudInitFails: cloudInit.step ?? '' } : {}),
    },
    serialLog: [],
  };
  resource.machine = machine;
  return resource as VirtualMachine;
};

/** What Azure fills in at once; interfaces and disks follow when it is allocated. */
const completed = (properties: JSONObject): JSONObject => {
  const storage = object(properties.storageProfile);
  const image = object(storage.imageReference);
  const exact = text(image.version) === 'latest' ? { exactVersion: '24.04.202606100' } : {};
  return {
    ...properties,
    storageProfile: {
      dataDisks: [],
      ...storage,
      imageReference: { ...image, ...exact },
      osDisk: { osType: 'Linux', ...object(storage.osDisk) },
    },
  };
};

const withoutSecrets = ({ customData: _data, adminPassword: _password, secrets: _secrets, ...shown }: JSONObject): JSONObject => ({
  ...shown,
  secrets: [],
  allowExtensionOperations: true,
});

/** A second PUT: what can't change has to be the same. */
const update = (azure: Azure, call: Call, vm: VirtualMachine, wanted: Wanted): Answer => {
  const changed = IMMUTABLE.find((path) => differs(path, wanted.body, { ...vm.top, properties: hidden(vm) }));
  if (changed) throw errorOf('property_change_not_allowed', { property: changed.join('.').replace('properties.', '') });
  const spot = wanted.spot !== vm.machine.spot;
  if (spot) throw errorOf('property_change_not_allowed', { property: 'priority' });
  idle(azure, vm);
  vm.tags = stringMap(wanted.body.tags);
  const operation = beginOn(azure, call, vm, 'update', 'updated');
  return accepted(azure, call, operation, 200, showMachine(vm));
};

const IMMUTABLE: readonly (readonly string[])[] = [
  ['zones'],
  ['properties', 'osProfile', 'customData'],
  ['properties', 'osProfile', 'adminUsername'],
  ['properties', 'storageProfile', 'imageReference', 'sku'],
  ['properties', 'storageProfile', 'imageReference', 'id'],
  ['properties', 'storageProfile', 'osDisk', 'name'],
];

const hidden = (vm: VirtualMachine): JSONObject => ({ ...vm.properties, osProfile: vm.machine.osProfile.hidden });

const differs = (path: readonly string[], wanted: JSONObject, is: JSONObject): boolean => {
  const asked = dig(wanted, ...path);
  return asked !== undefined && JSON.stringify(asked) !== JSON.stringify(dig(is, ...path));
};

/** A write while another is under way is refused. */
export const idle = (azure: Azure, vm: VirtualMachine): void => {
  if (azure.world.operations.get(vm.machine.operation)?.status === 'InProgress') throw errorOf('conflict');
};

export const patchMachine: Handler = (azure, call) => {
  const vm = existing(azure, call);
  idle(azure, vm);
  const tags = dig(call.body, 'tags');
  if (tags !== undefined) vm.tags = stringMap(tags);
  touch(azure, vm);
  const operation = beginOn(azure, call, vm, 'update', 'updated');
  return accepted(azure, call, operation, 200, showMachine(vm));
};

const asMachines = (resources: readonly Resource[]): readonly VirtualMachine[] =>
  resources.filter((resource): resource is VirtualMachine => resource.machine !== undefined);

const lister =
  (where: (call: Call) => Parameters<typeof typed>[2]): Handler =>
  (azure, call) => {
    const found = asMachines(typed(azure, TYPE, where(call)));
    const statusOnly = call.query('statusOnly') === 'true';
    const body = page(azure, call, found, (vm) => {
      if (!vm.machine) return undefined;
      return statusOnly ? showStatus(vm as VirtualMachine) : showMachine(vm as VirtualMachine, call.query('$expand'));
    });
    return { status: 200, body };
  };

export const listMachinesOfGroup = lister(({ subscription, group }) => ({ subscription, group }));
export const listMachines = lister(({ subscription }) => ({ subscription }));
export const listMachinesAt = lister(({ subscription, location }) => ({ subscription, location: azureLocation(location) }));
