// A text of the installation's own, made once and kept in the state folder, readable by its owner alone.
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'installation';

/** Of several that make it at once, one wins, and all get what that one made. */
export const keepInFolder =
  (folder: string) =>
  async (make: () => string): Promise<string> => {
    const path = join(folder, FILE);
    const known = await read(path);
    if (known !== undefined) return known;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = `${path}.${randomUUID()}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(`${make()}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(temporary);
    await syncFolder(folder);
    return readFile(path, 'utf8');
  };

/** Machines are tagged, and their host keys made, with it: it must not be another one after a crash. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
};

const read = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
};
