// Events of files that cannot be taken, when they are new: about the object that the file defines, or about the file itself.
import type { Problem } from '../client.ts';
import { parseID } from './manifest-file.ts';
import { problemText } from './problems.ts';
import type { SyncContext } from './sync.ts';

export const createFileTeller = ({
  sources,
  record,
}: Pick<SyncContext, 'sources' | 'record'>): ((problems: readonly Problem[]) => void) => {
  let told = new Set<string>();
  return (problems) => {
    const texts = new Set<string>();
    for (const problem of problems) {
      const message = problemText(problem);
      texts.add(message);
      if (told.has(message)) continue;
      const [id, ...others] = sources.defined(problem.file);
      const { kind, key } = id === undefined || others.length > 0 ? aboutFile(problem.file) : parseID(id);
      record({ type: 'Warning', reason: 'ManifestNotTaken', message, regarding: { kind, ...key } });
    }
    told = texts;
  };
};

const aboutFile = (name: string) => ({ kind: 'File', key: { namespace: 'default', name } }) as const;
