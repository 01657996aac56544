// An argument list as one line of text, for the one place where a program can not be given a list: an SSH exec request,
// which the user's login shell reads.
import { OperatorError } from '../api/error.ts';

/** Every word in single quotes, between which a POSIX shell changes nothing. */
export const quoteArgv = (argv: readonly string[]): string => argv.map(quoteWord).join(' ');

const quoteWord = (word: string): string => {
  if (word.includes('\0')) throw new OperatorError('invalid', 'an argument of a command holds a NUL byte, which no program can be given');
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
};
