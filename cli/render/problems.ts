// Files that could not be taken: `file:line:column: message`, the form editors and CI jump to.
import type { Problem } from '../../controller/store/client.ts';

export const problemLine = ({ file, line, column, message }: Problem): string =>
  `${[file, ...(line === undefined ? [] : [line, ...(column === undefined ? [] : [column])])].join(':')}: ${message}\n`;
