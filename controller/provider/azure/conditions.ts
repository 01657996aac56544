// What an Azure pool says of itself besides what its machines do.
import type { ConditionUpdate } from '../../api/condition.ts';
import { scheduleMs } from './schedule.ts';
import type { AzureSettings } from './settings.ts';

/** `problem`: why the last schedule could not be set. */
export const conditionsOf = (settings: AzureSettings, problem: string | undefined): readonly ConditionUpdate[] => {
  if (settings.identity.userAssignedID !== undefined) {
    const message = `an idle machine deallocates itself ${settings.deadMansSwitchSeconds} s after it last heard of its controller`;
    return [{ type: 'DeadMansSwitch', status: 'True', reason: 'Armed', message }];
  }
  const instead =
    problem === undefined
      ? `a schedule of Azure's does it, idle or not, ${scheduleMs(settings) / 1000} s after its controller was last there`
      : `it goes on costing, as the schedule of Azure's that is to do it could not be set: ${problem}`;
  const message = `a machine whose controller is gone can not deallocate itself: set azure.identity.userAssignedId to an identity that may. Until then ${instead}`;
  return [{ type: 'DeadMansSwitch', status: 'False', reason: problem === undefined ? 'NoIdentity' : 'NoSchedule', message }];
};
