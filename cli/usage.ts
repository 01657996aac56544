// The overview of all commands, and the nearest command to a mistyped one.
import { allCommands } from './commands/index.ts';

export const commandsUsage = async (invokedAs: string): Promise<string> => {
  const commands = (await allCommands()).flatMap(({ paths, usage }) =>
    usage?.description ? [{ path: (paths?.[0] ?? []).join(' '), ...usage }] : [],
  );
  const width = Math.max(...commands.map(({ path }) => path.length)) + 3;
  return [
    'Runs AI-agent coding sessions on pools of VMs.',
    '',
    `Usage: ${invokedAs} COMMAND [OPTIONS]`,
    '',
    ...commands.map(({ path, description }) => `  ${path.padEnd(width)}${description}`),
    '',
    `'${invokedAs} COMMAND --help' tells more.`,
    '',
  ].join('\n');
};

/** The candidate at an edit distance of at most 2; undefined when none is that near. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined =>
  candidates
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .filter((guess) => guess.distance <= 2)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;

/** Levenshtein, row by row. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  let left = b.length;
  for (const letter of a) {
    let diagonal = 0;
    row = row.map((above, j) => {
      left = j === 0 ? above + 1 : Math.min(diagonal + (letter === b[j - 1] ? 0 : 1), above + 1, left + 1);
      diagonal = above;
      return left;
    });
  }
  return left;
};
