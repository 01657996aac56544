// The metadata service of one machine, at /imds/VMID/metadata/…: instance, scheduled events, and a token of its identity.
import type { Answer, Azure } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { issue } from './entra.ts';

export const metadata = (azure: Azure, path: string, headers: Readonly<Record<string, string | undefined>>): Answer | undefined => {
  const [, vmId, what] = /^\/imds\/([^/]+)\/metadata\/(.+)$/.exec(path) ?? [];
  if (vmId === undefined) return undefined;
  const vm = [...azure.world.resources.values()].find(({ machine }) => machine?.vmId === vmId) as VirtualMachine | undefined;
  if (!vm) return { status: 404, body: { error: 'not_found' } };
  if (headers.metadata?.toLowerCase() !== 'true')
    return { status: 400, body: { error: 'Bad request. Required metadata header not specified' } };
  if (what === 'scheduledevents') return { status: 200, body: events(vm) };
  if (what === 'instance') return { status: 200, body: instance(vm) };
  if (what !== 'identity/oauth2/token') return { status: 404, body: { error: 'not_found' } };
  if (vm.top.identity === undefined) return { status: 400, body: { error: 'invalid_request', error_description: 'Identity not found' } };
  return {
    status: 200,
    body: {
      access_token: issue(azure, `vm:${vm.name}`),
      expires_in: '3600',
      resource: 'https://management.azure.com/',
      token_type: 'Bearer',
    },
  };
};

const events = ({ name, machine: { eviction } }: VirtualMachine): object => ({
  DocumentIncarnation: eviction ? 2 : 1,
  Events: eviction
    ? [
        {
          EventId: eviction.id,
          EventStatus: 'Scheduled',
          EventType: 'Preempt',
          ResourceType: 'VirtualMachine',
          Resources: [name],
          NotBefore: new Date(eviction.at).toUTCString(),
          EventSource: 'Platform',
          DurationInSeconds: -1,
        },
      ]
    : [],
});

const instance = (vm: VirtualMachine): object => ({
  compute: {
    name: vm.name,
    vmId: vm.machine.vmId,
    location: vm.location,
    vmSize: vm.machine.size,
    resourceGroupName: vm.group,
    subscriptionId: vm.subscription,
    resourceId: vm.id,
    priority: vm.machine.spot ? 'Spot' : 'Regular',
    tagsList: Object.entries(vm.tags).map(([name, value]) => ({ name, value })),
  },
});
