// Whom the cluster lets speak for its users, as the API server publishes it for servers behind it: the ConfigMap
// extension-apiserver-authentication in kube-system.
import { OperatorError } from '../api/error.ts';
import type { Api } from '../store/cluster/request.ts';

export interface Trust {
  /** PEM; signs the certificate that the API server presents. */
  readonly ca: string;
  /** Common names that such a certificate may have; any when empty. */
  readonly allowedNames: readonly string[];
  /** The first of these that a request has names the user. All in lower case. */
  readonly userHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

const NAME = 'extension-apiserver-authentication';

export const readTrust = async (api: Api): Promise<Trust> => {
  const path = `/api/v1/namespaces/kube-system/configmaps/${NAME}`;
  const { data = {} } = await api.send<{ readonly data?: Readonly<Record<string, string>> }>({
    doing: `read configmap kube-system/${NAME}`,
    path,
  });
  return parseTrust(data);
};

/** Throws `invalid` where the cluster has no aggregation layer, or says nothing that makes sense. */
export const parseTrust = (data: Readonly<Record<string, string>>): Trust => {
  const ca = data['requestheader-client-ca-file'];
  if (!ca)
    throw new OperatorError(
      'invalid',
      `configmap kube-system/${NAME} has no requestheader-client-ca-file: the API server's aggregation layer is off`,
    );
  const list = (key: string): readonly string[] => parseList(key, data[key]);
  const headers = (key: string): readonly string[] => list(key).map((name) => name.toLowerCase());
  return {
    ca,
    allowedNames: list('requestheader-allowed-names'),
    userHeaders: headers('requestheader-username-headers'),
    uidHeaders: headers('requestheader-uid-headers'),
    groupHeaders: headers('requestheader-group-headers'),
    extraPrefixes: headers('requestheader-extra-headers-prefix'),
  };
};

const parseList = (key: string, text: string | undefined): readonly string[] => {
  if (text === undefined || text === '') return [];
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  } catch {
    // Said below, with what is wrong.
  }
  throw new OperatorError('invalid', `configmap kube-system/${NAME}: ${key} is ${text.slice(0, 100)}, not a list of names`);
};
