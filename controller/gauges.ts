// Our own metrics: the state of the world as the caches know it, read at every scrape. No label names an object.
import type { Informers } from './operator.ts';
import { isFinished } from './reconcilers/session/facts.ts';
import type { Metrics } from './runtime/metrics.ts';

export const registerGauges = (metrics: Metrics, { Session, VM, VMPool }: Informers): void => {
  metrics.gauge({
    name: 'berth_sessions',
    help: 'Sessions by phase',
    labels: ['phase'],
    collect: () =>
      count(
        Session.list().map(({ status }) => status?.phase ?? 'Pending'),
        'phase',
      ),
  });
  metrics.gauge({
    name: 'berth_vms',
    help: 'VM objects by phase',
    labels: ['phase'],
    collect: () =>
      count(
        VM.list().map(({ status }) => status?.phase ?? 'Creating'),
        'phase',
      ),
  });
  metrics.gauge({
    name: 'berth_slots',
    help: 'Slots of all VMs by whether a session has them',
    labels: ['state'],
    collect: () => {
      const total = VM.list().reduce((sum, { spec }) => sum + spec.slots, 0);
      const used = Session.list().filter((session) => session.status?.vm && !isFinished(session)).length;
      return [
        { labels: { state: 'used' }, value: used },
        { labels: { state: 'free' }, value: Math.max(0, total - used) },
      ];
    },
  });
  metrics.gauge({
    name: 'berth_hourly_usd',
    help: 'What all VMs cost in an hour, in USD',
    labels: [],
    collect: () => [{ labels: {}, value: VMPool.list().reduce((sum, { status }) => sum + Number(status?.hourlyUSD ?? 0), 0) }],
  });
};

const count = <L extends string>(values: readonly string[], label: L): { labels: Readonly<Record<L, string>>; value: number }[] =>
  [...Map.groupBy(values, (value) => value)].map(([value, group]) => ({
    labels: { [label]: value } as Record<L, string>,
    value: group.length,
  }));
