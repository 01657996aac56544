// A virtual machine as GET shows it: what was put, without its secrets, with what Azure adds.

import type { VirtualMachine } from './backing/backing.ts';
import { dig, type JSONObject, object } from './json.ts';
import { show } from './resources/store.ts';
import type { Machine } from './world.ts';

/** `expand` is the query's value: instanceView, userData. */
export const showMachine = (vm: VirtualMachine, expand = ''): JSONObject => {
  const { machine, properties } = vm;
  const { userData, ...shown } = properties;
  return {
    ...show(vm),
    etag: `"${vm.etag}"`,
    properties: {
      ...shown,
      // Configurations turn into interfaces; until then there are none.
      networkProfile: { networkInterfaces: [], ...withoutConfigurations(object(properties.networkProfile)) },
      osProfile: machine.osProfile.shown,
      vmId: machine.vmId,
      timeCreated: new Date(vm.created).toISOString(),
      ...(/instanceView/i.test(expand) ? { instanceView: instanceView(vm) } : {}),
      ...(/userData/i.test(expand) && userData !== undefined ? { userData } : {}),
    },
  };
};

const withoutConfigurations = ({ networkInterfaceConfigurations: _, networkApiVersion: _version, ...rest }: JSONObject): JSONObject => rest;

/** Of the list with `statusOnly`: states without the model. */
export const showStatus = (vm: VirtualMachine): JSONObject => ({
  name: vm.name,
  id: vm.id,
  type: vm.type,
  location: vm.location,
  properties: { vmId: vm.machine.vmId, provisioningState: vm.properties.provisioningState, instanceView: { statuses: statuses(vm) } },
});

export const instanceView = (vm: VirtualMachine): JSONObject => {
  const { machine } = vm;
  const disk = dig(vm.properties, 'storageProfile', 'osDisk', 'name');
  const time = new Date(vm.changed).toISOString();
  return {
    computerName: object(machine.osProfile.shown).computerName ?? vm.name,
    hyperVGeneration: 'V2',
    ...(machine.agentReady
      ? {
          osName: 'ubuntu',
          osVersion: '24.04',
          vmAgent: {
            vmAgentVersion: '2.11.1.12',
            statuses: [
              { code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Ready', message: 'Guest Agent is running', time },
            ],
          },
        }
      : {}),
    ...(machine.power === 'none'
      ? {}
      : {
          disks: [
            {
              name: disk,
              statuses: [{ code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Provisioning succeeded', time }],
            },
          ],
        }),
    statuses: statuses(vm),
  };
};

const statuses = ({ machine, properties, changed }: VirtualMachine): readonly JSONObject[] => {
  const state = String(properties.provisioningState);
  const time = new Date(changed).toISOString();
  const provisioning = machine.failure
    ? {
        code: `ProvisioningState/failed/${machine.failure.code}`,
        level: 'Error',
        displayStatus: 'Provisioning failed',
        message: machine.failure.message,
        time,
      }
    : { code: `ProvisioningState/${state.toLowerCase()}`, level: 'Info', displayStatus: DISPLAY[state] ?? state, time };
  return machine.power === 'none' ? [provisioning] : [provisioning, power(machine)];
};

const DISPLAY: Readonly<Record<string, string>> = {
  Creating: 'Creating',
  Updating: 'Updating',
  Deleting: 'Deleting',
  Succeeded: 'Provisioning succeeded',
};

const power = ({ power }: Machine): JSONObject => ({ code: `PowerState/${power}`, level: 'Info', displayStatus: `VM ${power}` });
