// `berth plan`: what the controller would do now, and why; and what its pools are offered, at what price.
import type { Offer, Plan, PoolPlan } from '../parts.ts';
import { oneLine } from './text.ts';

export const planText = (plan: Plan): string => (plan.pools.length === 0 ? 'No pools.\n' : plan.pools.map(poolText).join('\n'));

const poolText = ({ pool, actions, waiting, offers }: PoolPlan): string =>
  [
    `Pool ${pool.namespace}/${pool.name}`,
    ...(actions.length === 0 ? ['  Nothing to do.'] : actions.map(actionText)),
    ...(waiting.length === 0 ? [] : ['  Waiting:']),
    ...waiting.map(({ session, reason, message, position }) => `    ${position}. ${session}: ${reason}${message ? `: ${message}` : ''}`),
    ...offerLines(offers),
    '',
  ].join('\n');

const actionText = ({ do: verb, on, because, hourlyUSD }: PoolPlan['actions'][number]): string =>
  `  ${verb} ${on}${hourlyUSD === undefined ? '' : ` ($${hourlyUSD}/h)`}: ${because}`;

/** Where there is nothing to choose and nothing to pay, there is nothing to say. */
const offerLines = (offers: readonly Offer[]): readonly string[] =>
  offers.every(({ sku, size, available }) => sku === size && available) ? [] : ['  Offers:', ...offers.map(offerText)];

const offerText = ({ size, sku, region, hourlyUSD, room, ...refused }: Offer): string => {
  const what = `    ${size}${sku === size ? '' : ` ${sku}`} in ${region}: ${hourlyUSD === undefined ? 'price unknown' : `$${hourlyUSD}/h`}`;
  return refused.available ? `${what}${room === undefined ? '' : `, room for ${room}`}` : `${what}, ${refusalText(refused)}`;
};

const refusalText = ({ reason, message, retryTime }: Pick<Offer, 'reason' | 'message' | 'retryTime'>): string =>
  `${reason ?? 'not available'}${retryTime === undefined ? '' : ` until ${retryTime}`}${message === undefined ? '' : `: ${oneLine(message)}`}`;
