// Objects of ours written as they are, some at a time.
import { API_VERSION, PLURALS } from '../../../controller/api/object.ts';
import type { Api } from '../../../controller/store/cluster/request.ts';

export interface NewResource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: object;
}

const AT_ONCE = 16;

export const createAll = (api: Api, resources: readonly NewResource[]): Promise<void> =>
  inParallel(resources, (one) => createOne(api, one));

const createOne = async (api: Api, { kind, metadata, ...rest }: NewResource): Promise<void> => {
  const namespace = metadata.namespace ?? 'default';
  const path = `/apis/${API_VERSION}/namespaces/${namespace}/${PLURALS[kind as keyof typeof PLURALS]}`;
  const body = { apiVersion: API_VERSION, kind, metadata: { ...metadata, namespace }, ...rest };
  await api.send({ doing: `create ${kind} ${metadata.name}`, method: 'POST', path, body });
};

export const inParallel = async <T>(items: Iterable<T>, work: (item: T) => Promise<unknown>, atOnce = AT_ONCE): Promise<void> => {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};
