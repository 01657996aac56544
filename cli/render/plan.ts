// `berth plan`: what the controller would do now, and why.
import type { Plan, PoolPlan } from '../parts.ts';

export const planText = (plan: Plan): string => (plan.pools.length === 0 ? 'No pools.\n' : plan.pools.map(poolText).join('\n'));

const poolText = ({ pool, actions, waiting }: PoolPlan): string =>
  [
    `Pool ${pool.namespace}/${pool.name}`,
    ...(actions.length === 0 ? ['  Nothing to do.'] : actions.map(actionText)),
    ...(waiting.length === 0 ? [] : ['  Waiting:']),
    ...waiting.map(({ session, reason, message, position }) => `    ${position}. ${session}: ${reason}${message ? `: ${message}` : ''}`),
    '',
  ].join('\n');

const actionText = ({ do: verb, on, because, hourlyUSD }: PoolPlan['actions'][number]): string =>
  `  ${verb} ${on}${hourlyUSD === undefined ? '' : ` ($${hourlyUSD}/h)`}: ${because}`;
