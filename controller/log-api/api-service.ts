// The APIService object that leads here: which Service it names, and that it trusts our authority. Whoever installs Berth
// makes it; without it nobody asks.
import { type Api, isStatus } from '../store/cluster/request.ts';
import { OUTPUT_GROUP } from './status.ts';

export interface ApiService {
  readonly service: { readonly namespace: string; readonly name: string } | undefined;
  /** Base64 of PEM. */
  readonly caBundle: string | undefined;
}

const NAME = `v1alpha1.${OUTPUT_GROUP}`;
const PATH = `/apis/apiregistration.k8s.io/v1/apiservices/${NAME}`;

/** Undefined where there is none. */
export const readApiService = async (api: Api): Promise<ApiService | undefined> => {
  try {
    const { spec = {} } = await api.send<{
      readonly spec?: { readonly service?: { readonly namespace?: string; readonly name?: string }; readonly caBundle?: string };
    }>({ doing: `read apiservice ${NAME}`, path: PATH });
    const { namespace, name } = spec.service ?? {};
    return { service: namespace && name ? { namespace, name } : undefined, caBundle: spec.caBundle };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
};

export const tellAuthorities = async (api: Api, { caBundle }: ApiService, authorities: string): Promise<void> => {
  const wanted = Buffer.from(authorities).toString('base64');
  if (caBundle === wanted) return;
  await api.send({
    doing: `write the authority into apiservice ${NAME}`,
    method: 'PATCH',
    path: PATH,
    query: { fieldManager: 'berth-controller' },
    type: 'application/merge-patch+json',
    body: { spec: { caBundle: wanted } },
  });
};
