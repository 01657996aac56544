// A session without what no list shows: less than half of it, which is what reading thousands takes.
import type { Resource } from '../../api/object.ts';

/** Of other kinds there are few: they stay whole. */
export const briefOf = (object: Resource): Resource => {
  if (object.kind !== 'Session') return object;
  const { labels: _, finalizers: __, ...metadata } = object.metadata;
  const spec = pick(object.spec, ['prompt', 'command', 'poolRef', 'priority', 'shutdown']);
  if (!object.status) return { ...object, metadata, spec };
  const { output, conditions } = object.status;
  const status = {
    ...pick(object.status, ['phase', 'reason', 'message', 'vm']),
    ...(output && { output: pick(output, ['bytes', 'lines', 'truncated', 'updatedTime']) }),
    ...(conditions && { conditions: conditions.filter(isTelling) }),
  };
  return { ...object, metadata, spec, status };
};

/** Lists tell that a session has finished or waits for input, since when it was not seen, and what else is not as it should be. */
const isTelling = ({ type, status }: { readonly type: string; readonly status: string }): boolean =>
  type === 'Ready' || (type === 'Finished' || type === 'WaitingForInput') === (status === 'True');

const pick = <T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]])) as Pick<T, K>;
