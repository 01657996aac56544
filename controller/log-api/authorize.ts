// May this user read this session's output? Asked of the cluster, anew for each request: RBAC is the one answer to it.
import type { ObjectKey } from '../api/object.ts';
import type { Api } from '../store/cluster/request.ts';
import type { User } from './identify.ts';
import { OUTPUT_GROUP } from './status.ts';

interface Review {
  readonly status?: { readonly allowed?: boolean; readonly denied?: boolean; readonly reason?: string };
}

/** Undefined when allowed, otherwise the message that kubectl shows. */
export const whyForbidden = async (
  api: Api,
  { user, uid, groups, extra }: User,
  { namespace, name }: ObjectKey,
): Promise<string | undefined> => {
  const resourceAttributes = {
    group: OUTPUT_GROUP,
    version: 'v1alpha1',
    resource: 'sessions',
    subresource: 'log',
    verb: 'get',
    namespace,
    name,
  };
  const { status } = await api.send<Review>({
    doing: `ask whether ${user} may read the output of session ${namespace}/${name}`,
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, ...(uid === undefined ? {} : { uid }), groups, extra, resourceAttributes },
    },
  });
  if (status?.allowed === true && status.denied !== true) return undefined;
  const what = `sessions.${OUTPUT_GROUP} "${name}" is forbidden: User "${user}" cannot get resource "sessions/log" in API group "${OUTPUT_GROUP}" in the namespace "${namespace}"`;
  return status?.reason ? `${what}: ${status.reason}` : what;
};
