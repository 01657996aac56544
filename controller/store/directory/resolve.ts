// What one object becomes now: the file that defines it, the stored object and the tombstone of its name, brought together.
import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import { API_VERSION, type Kind, keyString, type Resource } from '../../api/object.ts';
import type { Problem } from '../client.ts';
import { errorLine } from '../schema/error.ts';
import { admit } from '../schema.ts';
import { requestDeletion } from './deleting.ts';
import { type ManifestDocument, parseID } from './manifest-file.ts';
import { abandonFrom, BUILTIN_ANNOTATION, mergeFile, SOURCE_ANNOTATION } from './merge.ts';
import { problemText } from './problems.ts';
import type { SyncContext } from './sync.ts';
import { lookAtTombstone, meaningOf, removeTombstone, restoredFrom } from './tombstones.ts';

export interface Resolution {
  /** False: to be looked at again in the next pass. */
  readonly isDone: boolean;
  readonly problem?: Problem;
  /** A new object, to be stored with others. */
  readonly create?: Resource;
}

export const resolveObject = async (context: SyncContext, id: string): Promise<Resolution> => {
  const { kind, key } = parseID(id);
  const definers = context.sources.definers(id);
  const stored = context.objects.get(kind, key);
  // Who defined it first goes on defining it: a second file changes nothing.
  const owner = stored?.metadata.annotations?.[SOURCE_ANNOTATION];
  const winner = definers.find((path) => path === owner) ?? definers[0];
  if (winner === undefined) return { isDone: true };
  const document = context.sources.document(winner, id);
  if (!document) return { isDone: false };
  const resolution = stored ? await resolveStored(context, id, stored, document) : await resolveNew(context, id, document);
  const loser = definers.find((path) => path !== winner);
  if (loser === undefined || resolution.problem) return resolution;
  return { ...resolution, problem: duplicate(context, loser, winner, id) };
};

const duplicate = (context: SyncContext, loser: string, winner: string, id: string): Problem => {
  const { kind, key } = parseID(id);
  const at = context.sources.document(loser, id);
  return {
    file: loser,
    ...(at ? { line: at.line, column: at.column } : {}),
    message: `${kind} ${keyString(key)} is already defined in ${winner}: remove one of the two`,
  };
};

const resolveStored = async (context: SyncContext, id: string, stored: Resource, document: ManifestDocument): Promise<Resolution> => {
  if (stored.metadata.deletionTimestamp !== undefined) return resolveLeaving(context, id, stored, document);
  const problem = refusal(document, stored);
  if (problem && stored.metadata.annotations?.[BUILTIN_ANNOTATION] !== undefined) {
    await requestDeletion(context, id);
    return { isDone: true };
  }
  if (problem) return { isDone: true, problem };
  await context.objects.write(stored.kind as Kind, document.key, (now) => {
    if (now?.metadata.uid !== stored.metadata.uid || now.metadata.deletionTimestamp !== undefined) return now;
    return updated(document, now);
  });
  return { isDone: true };
};

/** The file's new object waits: the removal of this one looks at the name again. */
const resolveLeaving = async (context: SyncContext, id: string, stored: Resource, document: ManifestDocument): Promise<Resolution> => {
  const annotations = abandonFrom(document, stored);
  if (annotations) {
    const { kind, key } = parseID(id);
    await context.objects.write(kind, key, (now) => now && { ...now, metadata: { ...now.metadata, annotations } });
  }
  return { isDone: true };
};

const refusal = (document: ManifestDocument, stored: Resource): Problem | undefined => {
  const { spec } = mergeFile(document, stored);
  const { kind, key, path: file, line, column } = document;
  const admission = admit(kind, { apiVersion: API_VERSION, kind, metadata: key, spec }, stored as never);
  if (!('errors' in admission)) return undefined;
  return { file, line, column, message: `${kind} ${keyString(key)} stays as it was: ${admission.errors.map(errorLine).join('; ')}` };
};

const updated = (document: ManifestDocument, stored: Resource): Resource => {
  const { spec, metadata } = mergeFile(document, stored);
  const { labels: _, annotations: __, ...own } = stored.metadata;
  const generation = stored.metadata.generation + (isDeepStrictEqual(spec, stored.spec) ? 0 : 1);
  return { ...stored, metadata: { ...own, generation, ...metadata }, spec } as unknown as Resource;
};

const resolveNew = async (context: SyncContext, id: string, document: ManifestDocument): Promise<Resolution> => {
  const { kind, key, path: file, line, column } = document;
  if (context.damaged.has(id)) {
    return {
      isDone: true,
      problem: { file, line, column, message: `the state file of ${kind} ${keyString(key)} is damaged: mend or remove it first` },
    };
  }
  const looked = lookAtTombstone(context.folder, kind, key);
  if ('problem' in looked) {
    // Not for ever: it needs no restart once that was mended.
    return { isDone: false, problem: { file, line, column, message: `${kind} ${keyString(key)} waits: ${problemText(looked.problem)}` } };
  }
  const { tombstone } = looked;
  const meaning = meaningOf(tombstone, document.spec);
  if (meaning === 'stays gone') return { isDone: true };
  if (meaning === 'new' || !tombstone) return { isDone: true, create: created(context, document) };
  await context.objects.write(kind, key, (now) => now ?? (updated(document, restoredFrom(tombstone)) as never));
  await removeTombstone(context.folder, kind, key);
  return { isDone: true };
};

const created = (context: SyncContext, document: ManifestDocument): Resource => {
  const { spec, metadata } = mergeFile(document, undefined);
  return newResource(document.kind, { ...document.key, ...metadata }, spec, context);
};

export const newResource = (kind: Kind, metadata: object, spec: object, context: Pick<SyncContext, 'clock' | 'newUID'>): Resource => {
  const own = { uid: context.newUID(), resourceVersion: '', generation: 1, creationTimestamp: timestamp(context.clock.now()) };
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { ...metadata, ...own },
    spec,
    status: { observedGeneration: -1 },
  } as unknown as Resource;
};

export const refuseInvalid = (
  kind: Kind,
  key: { readonly namespace: string; readonly name: string },
  spec: object,
  stored?: Resource,
): void => {
  const admission = admit(kind, { apiVersion: API_VERSION, kind, metadata: key, spec }, stored as never);
  if ('errors' in admission) throw new OperatorError('invalid', `${kind} ${keyString(key)}: ${admission.errors.map(errorLine).join('; ')}`);
};
