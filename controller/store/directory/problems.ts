// What of the user's input could not be taken, as the newest scan saw it: a file that the CLI reads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../client.ts';
import { writeAtomic } from './atomic-write.ts';

export const writeProblems = (folder: string, problems: readonly Problem[]): Promise<void> =>
  writeAtomic(join(folder, 'problems.json'), `${JSON.stringify(problems, undefined, 1)}\n`);

export const readProblems = (folder: string): readonly Problem[] => {
  try {
    const problems: unknown = JSON.parse(readFileSync(join(folder, 'problems.json'), 'utf8'));
    return Array.isArray(problems) ? (problems as Problem[]) : [];
  } catch {
    return [];
  }
};

/** `file:line:column: message`. */
export const problemText = (problem: Problem): string =>
  [problem.file, problem.line, problem.line === undefined ? undefined : problem.column, ` ${problem.message}`]
    .filter((part) => part !== undefined)
    .join(':');

export interface ProblemReport {
  report(problems: readonly Problem[]): void;
  tell(text: string): void;
}

export const createProblemReport = (folder: string, onProblem: ((text: string) => void) | undefined): ProblemReport => {
  let told = new Set<string>();
  let written: string | undefined;
  let wanted: readonly Problem[] | undefined;
  let isWriting = false;
  /** One at a time: of two at once the older could come last. */
  const write = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    for (let next = wanted; next !== undefined; next = wanted) {
      wanted = undefined;
      // Tried again in the next pass: what cannot be written now was told in the log.
      await writeProblems(folder, next).catch(() => {
        written = undefined;
      });
    }
    isWriting = false;
  };
  return {
    tell: (text) => onProblem?.(text),
    report: (problems) => {
      const texts = new Set(problems.map(problemText));
      for (const text of texts) if (!told.has(text)) onProblem?.(text);
      told = texts;
      const key = [...texts].join('\n');
      if (key === written) return;
      written = key;
      wanted = problems;
      void write();
    },
  };
};
