// Session manifests from what was asked for on the command line.
import { API_VERSION } from '../../controller/api/object.ts';
import type { SessionSpec } from '../../controller/api/types.generated.ts';
import type { Manifest } from '../../controller/store/client.ts';
import { usageError } from '../error.ts';

export interface SessionDocument {
  readonly apiVersion?: string;
  readonly kind: 'Session';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: SessionSpec;
}

export type SessionManifest = Manifest & { readonly document: SessionDocument };

/** What to run: one session a prompt, or one for a command. */
export const tasks = (
  prompts: readonly string[],
  argv: readonly string[] | undefined,
): readonly Pick<SessionSpec, 'prompt' | 'command'>[] => {
  if (prompts.some((prompt) => prompt.trim() === '')) throw usageError('a prompt is empty');
  if (argv === undefined) {
    if (prompts.length === 0) throw usageError('nothing to start', 'Give a prompt, -- and a command, or -f FILE.');
    return prompts.map((prompt) => ({ prompt }));
  }
  if (argv.length === 0) throw usageError('no command after --');
  const [prompt, ...more] = prompts;
  if (more.length > 0) throw usageError('several prompts cannot share one command');
  return [{ ...(prompt === undefined ? {} : { prompt }), command: argv }];
};

export const manifests = (names: readonly string[], namespace: string, specs: readonly SessionSpec[]): readonly SessionDocument[] =>
  specs.map((spec, index) => ({ apiVersion: API_VERSION, kind: 'Session', metadata: { name: names[index] ?? '', namespace }, spec }));

/** Documents of a file as sessions of ours: those without a name get the next of `names`. */
export const fromDocuments = (
  documents: readonly Manifest[],
  { names, namespace, invokedAs }: { readonly names: readonly string[]; readonly namespace: string; readonly invokedAs: string },
): readonly SessionManifest[] =>
  documents.map((manifest, index) => {
    const { document, origin } = manifest;
    if (!isSession(document)) throw usageError(`${origin}: not a Session`, `Other kinds are applied with '${invokedAs} apply -f FILE'.`);
    const metadata = {
      ...document.metadata,
      name: document.metadata?.name ?? names[index] ?? '',
      namespace: document.metadata?.namespace ?? namespace,
    };
    return { ...manifest, document: { ...document, metadata } };
  });

/** The schema has the last word on what is in spec. */
const isSession = (
  document: unknown,
): document is Omit<SessionDocument, 'metadata'> & { readonly metadata?: Partial<SessionDocument['metadata']> } =>
  typeof document === 'object' && document !== null && 'kind' in document && document.kind === 'Session' && 'spec' in document;
