// Takes up the verbs that the CLI left: each is folded into its object, and its file removed after that is on disk.
import { isDeepStrictEqual } from 'node:util';
import type { OperatorError } from '../../api/error.ts';
import { API_VERSION, type Kind, keyString, type Resource } from '../../api/object.ts';
import { errorLine } from '../schema/error.ts';
import { admit } from '../schema.ts';
import { removeDurably } from './atomic-write.ts';
import { type DeletionContext, requestDeletion } from './deleting.ts';
import { objectID } from './manifest-file.ts';
import { mergeVerb, VERBS_ANNOTATION } from './merge.ts';
import { type Request, readRequests } from './requests.ts';

export interface FoldContext extends DeletionContext {
  readonly folder: string;
  /** True while the object may still come: its file was not read yet, or its state file is damaged. */
  readonly isExpected: (id: string) => boolean;
  readonly onConfirmPrune: () => void;
  readonly onRefused: (message: string, stored: Resource | undefined) => void;
  readonly onUnreadable: (error: OperatorError) => void;
}

/** Returns the objects whose requests wait for them. */
export const foldRequests = async (context: FoldContext): Promise<ReadonlySet<string>> => {
  const waiting = new Set<string>();
  for (const { path, request, error } of readRequests(context.folder)) {
    if (error) {
      context.onUnreadable(error);
      continue;
    }
    if (request === undefined) context.onRefused(`${path} is no request of Berth's: removed`, undefined);
    else if (request.verb === 'confirmPrune') context.onConfirmPrune();
    else {
      const id = objectID(request.kind, request.key);
      const isMissing = context.objects.get(request.kind, request.key) === undefined;
      // Requests for one object keep their order.
      if (waiting.has(id) || (isMissing && context.isExpected(id))) {
        waiting.add(id);
        continue;
      }
      await fold(context, id, request);
    }
    await removeDurably(path);
  }
  return waiting;
};

const fold = async (context: FoldContext, id: string, request: Exclude<Request, { verb: 'confirmPrune' }>): Promise<void> => {
  if (request.verb === 'delete') return requestDeletion(context, id, { uid: request.uid, isNow: request.now });
  let refused: string | undefined;
  const before = context.objects.get(request.kind, request.key);
  await context.objects.write(request.kind, request.key, (stored) => {
    if (!stored) return stored;
    const patched = patchedBy(stored, request.patch);
    if (typeof patched !== 'string') return patched as typeof stored;
    refused = patched;
    return stored;
  });
  if (!before) context.onRefused(`${request.kind} ${keyString(request.key)} is gone: a change of it was dropped`, undefined);
  else if (refused !== undefined) context.onRefused(refused, before);
};

/** The object with the patch in it, or why that may not be. */
const patchedBy = (stored: Resource, patch: Readonly<Record<string, unknown>>): Resource | string => {
  const { spec, verbs } = mergeVerb(stored, patch);
  const kind: Kind = stored.kind;
  const { namespace, name, annotations } = stored.metadata;
  const admission = admit(kind, { apiVersion: API_VERSION, kind, metadata: { namespace, name }, spec }, stored as never);
  if ('errors' in admission) return `${kind} ${namespace}/${name} cannot be changed so: ${admission.errors.map(errorLine).join('; ')}`;
  if (isDeepStrictEqual(admission.object.spec, stored.spec)) return stored;
  const remembered = verbs === undefined ? {} : { annotations: { ...annotations, [VERBS_ANNOTATION]: verbs } };
  const metadata = { ...stored.metadata, ...remembered, generation: stored.metadata.generation + 1 };
  return { ...stored, metadata, spec: admission.object.spec } as Resource;
};
