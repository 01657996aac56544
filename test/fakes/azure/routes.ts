// Which handler answers which request: the type and the action of a path decide.
import type { Azure, Handler } from './azure.ts';
import { find } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { pollOperation } from './operations.ts';
import * as groups from './resources/groups.ts';
import * as network from './resources/network.ts';
import { isNetworkType, showNetwork } from './resources/network-kinds.ts';
import * as others from './resources/others.ts';
import * as machines from './resources/virtual-machines.ts';
import * as actions from './resources/vm-actions.ts';
import { showMachine } from './vm-view.ts';

const VM = 'microsoft.compute/virtualmachines';

/** `METHOD type action`, folded; a list has the action `list`, in a place `list@location`, without a group `list@subscription`. */
const ROUTES: Readonly<Record<string, Handler>> = {
  'get subscription': others.getSubscription,
  'put group': groups.putGroup,
  'get group': groups.getGroup,
  'head group': groups.headGroup,
  'patch group': groups.patchGroup,
  'delete group': groups.deleteGroup,
  'get group list': groups.listGroups,
  'get resources list': groups.listResources,
  'get provider': others.getProvider,
  'post provider register': others.registerProvider,
  [`put ${VM}`]: machines.putMachine,
  [`get ${VM}`]: machines.getMachine,
  [`patch ${VM}`]: machines.patchMachine,
  [`delete ${VM}`]: actions.deleteMachine,
  [`get ${VM} instanceview`]: machines.getInstanceView,
  [`get ${VM} list`]: machines.listMachinesOfGroup,
  [`get ${VM} list@subscription`]: machines.listMachines,
  [`get ${VM} list@location`]: machines.listMachinesAt,
  [`post ${VM} start`]: actions.startMachine,
  [`post ${VM} poweroff`]: actions.powerOffMachine,
  [`post ${VM} deallocate`]: actions.deallocateMachine,
  [`post ${VM} restart`]: actions.restartMachine,
  [`post ${VM} redeploy`]: actions.restartMachine,
  [`post ${VM} reapply`]: actions.reapplyMachine,
  [`post ${VM} runcommand`]: actions.runCommand,
  [`post ${VM} simulateeviction`]: actions.simulateEviction,
  [`post ${VM} retrievebootdiagnosticsdata`]: actions.bootDiagnostics,
  'get microsoft.compute/disks': others.getResource,
  'patch microsoft.compute/disks': others.patchDisk,
  'delete microsoft.compute/disks': others.deleteDisk,
  'get microsoft.compute/disks list': others.listDisks,
  'get microsoft.compute/disks list@subscription': others.listDisks,
  'get microsoft.compute/usages list@location': others.listUsages,
  'get microsoft.network/usages list@location': others.listUsages,
  'get microsoft.compute/skus list@subscription': others.listSkus,
  'get microsoft.compute/images list': others.listImageVersions,
  'get microsoft.compute/images': others.getImage,
  'put microsoft.devtestlab/schedules': others.putSchedule,
  'get microsoft.devtestlab/schedules': others.getResource,
  'delete microsoft.devtestlab/schedules': others.deleteSchedule,
  'get operation poll': (azure, call) => pollOperation(azure, call, call.name, (folded) => shown(azure, folded)),
};

const NETWORK: Readonly<Record<string, Handler>> = {
  put: network.putNetwork,
  get: network.getNetwork,
  patch: network.patchNetwork,
  delete: network.deleteNetwork,
  'get list': network.listNetwork,
  'get list@subscription': network.listNetwork,
};

export const route = (method: string, type: string, action: string): Handler | undefined => {
  const verb = method.toLowerCase();
  const last = action === '' ? '' : ` ${action.toLowerCase()}`;
  if (isNetworkType(type)) return NETWORK[`${verb}${last}`];
  return ROUTES[`${verb} ${type.toLowerCase()}${last}`];
};

const shown = (azure: Azure, folded: string): unknown => {
  const resource = find(azure, folded);
  if (!resource) return undefined;
  return resource.machine ? showMachine(resource as VirtualMachine) : showNetwork(azure, resource);
};
