// What an Azure pool says of itself besides what its machines do.
import type { ConditionUpdate } from '../../api/condition.ts';
import type { AzureSettings } from './settings.ts';

export const conditionsOf = ({ identity, deadMansSwitchSeconds }: AzureSettings): readonly ConditionUpdate[] => [
  identity.userAssignedID === undefined
    ? {
        type: 'DeadMansSwitch',
        status: 'False',
        reason: 'NoIdentity',
        message:
          'a machine whose controller is gone can only shut itself down, and goes on costing: set azure.identity.userAssignedId to an identity that may deallocate it',
      }
    : {
        type: 'DeadMansSwitch',
        status: 'True',
        reason: 'Armed',
        message: `an idle machine deallocates itself ${deadMansSwitchSeconds} s after it last heard of its controller`,
      },
];
