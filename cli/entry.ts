// Where this program is: what a shim or a background controller has to run again.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Node and our entry file, with real paths: links may be gone when it is run again. */
export const selfCommand = (): readonly [node: string, entry: string] => [
  realpathSync(process.execPath),
  realpathSync(process.argv[1] ?? ''),
];

/** Our package.json: beside the sources, and one or two folders above a bundle. */
export const packageFile = (): string => {
  let folder = dirname(realpathSync(process.argv[1] ?? ''));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, 'package.json');
};
