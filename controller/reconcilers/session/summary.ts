// The one line that stands for a session in lists.
import type { SessionSpec } from '../../api/types.generated.ts';

const LONGEST = 48;

/** The prompt, or else the command, as one line of at most 48 characters. */
export const summaryOf = ({ prompt, command }: SessionSpec): string => {
  const line = (prompt ?? command?.join(' ') ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line.length <= LONGEST) return line;
  const characters = [...line];
  return characters.length <= LONGEST ? line : `${characters.slice(0, LONGEST - 1).join('')}…`;
};
