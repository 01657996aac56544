// The pool `default` that sessions may refer to without anybody having defined it: this machine.
import { API_VERSION, type Kinds, type ObjectKey } from '../../api/object.ts';
import { admit } from '../schema.ts';
import { objectID } from './manifest-file.ts';
import { BUILTIN_ANNOTATION } from './merge.ts';
import { newResource } from './resolve.ts';
import type { SyncContext } from './sync.ts';

const DEFAULT_POOL = 'default';

/** Made where a session waits for it; a file of that name replaces it. */
export const ensureBuiltinPools = async (context: SyncContext): Promise<void> => {
  const namespaces = new Set<string>();
  for (const session of context.objects.list('Session')) if (needsDefaultPool(session)) namespaces.add(session.metadata.namespace);
  for (const namespace of namespaces) {
    const key = { namespace, name: DEFAULT_POOL };
    const id = objectID('VMPool', key);
    const isTaken = context.objects.get('VMPool', key) !== undefined || context.sources.definers(id).length > 0 || context.damaged.has(id);
    if (!isTaken) await context.objects.write('VMPool', key, (stored) => stored ?? builtinPool(key, context));
  }
};

const needsDefaultPool = ({ spec, status }: Kinds['Session']): boolean =>
  (spec.poolRef?.name ?? DEFAULT_POOL) === DEFAULT_POOL && status?.completionTime === undefined;

const builtinPool = (key: ObjectKey, context: SyncContext): Kinds['VMPool'] => {
  const spec = { provider: { type: 'Local' }, sizes: ['l', 's', 'm', 'xl'].map((name) => ({ name })), maxVMs: 10 };
  const admission = admit('VMPool', { apiVersion: API_VERSION, kind: 'VMPool', metadata: key, spec });
  const withDefaults = 'object' in admission ? admission.object.spec : spec;
  return newResource('VMPool', { ...key, annotations: { [BUILTIN_ANNOTATION]: 'true' } }, withDefaults, context) as Kinds['VMPool'];
};
