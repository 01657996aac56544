// One condition, a minute old unless said otherwise.
import type { Condition } from '../../controller/api/condition.ts';
import { ago } from './time.ts';

export const condition = (type: string, status: Condition['status'], reason = type, overrides: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason,
  message: `${type} is ${status}`,
  observedGeneration: 1,
  lastTransitionTime: ago(60),
  ...overrides,
});
