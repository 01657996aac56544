// The directories that stand for machines. Made by rename, so that one exists whole or not at all; marked before it is
// deleted, so that a crash on the way is seen and gone on with at the next look.
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import type { Shell } from '../../shell/shell.ts';

export interface Machines {
  list(poolUID: string): Promise<readonly MachineDirectory[]>;
  create(poolUID: string, vmUID: string, name: string): Promise<void>;
  /** Marks it, and goes on in the background: gone is when `list` no longer has it. */
  delete(poolUID: string, vmUID: string): Promise<void>;
}

export interface MachineDirectory {
  /** The directory itself. */
  readonly id: string;
  readonly vmUID: string;
  readonly createdTime: string;
  readonly deleting: boolean;
}

interface MachinesOptions {
  readonly root: string;
  readonly clock: Clock;
  readonly shell: (home: string) => Shell;
  readonly stopAll: (shell: Shell) => Promise<void>;
}

/** Also read on the VM: nothing is launched there any more. */
const DELETING = 'deleting';
const RECORD = 'machine.json';

export const openMachines = ({ root, clock, shell, stopAll }: MachinesOptions): Machines => {
  const removing = new Set<string>();

  const remove = async (id: string): Promise<void> => {
    if (removing.has(id)) return;
    removing.add(id);
    const way = shell(id);
    try {
      await stopAll(way);
      await rm(id, { recursive: true, force: true });
    } catch {
      // still marked: the next look tries again
    } finally {
      way.close();
      removing.delete(id);
    }
  };

  return {
    list: async (poolUID) => {
      const folder = join(root, poolUID);
      const names = (await entries(folder)).filter((name) => !name.startsWith('.'));
      const found = await Promise.all(names.map((name) => inspect(folder, name)));
      for (const machine of found) if (machine?.deleting) void remove(machine.id);
      return found.filter((machine) => machine !== undefined);
    },
    create: async (poolUID, vmUID, name) => {
      const id = join(root, poolUID, vmUID);
      const temporary = join(root, poolUID, `.${vmUID}.${process.pid}`);
      await rm(temporary, { recursive: true, force: true });
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      await writeDurably(join(temporary, RECORD), JSON.stringify({ name, createdTime: new Date(clock.now()).toISOString() }));
      await rename(temporary, id).catch(async (error: NodeJS.ErrnoException) => {
        await rm(temporary, { recursive: true, force: true });
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // it is there already
      });
    },
    delete: async (poolUID, vmUID) => {
      const id = join(root, poolUID, vmUID);
      if (!(await entries(id)).includes(RECORD)) return void (await rm(id, { recursive: true, force: true }));
      await writeDurably(join(id, DELETING), '');
      void remove(id);
    },
  };
};

const inspect = async (folder: string, vmUID: string): Promise<MachineDirectory | undefined> => {
  const id = join(folder, vmUID);
  const names = await entries(id);
  if (names.length === 0) return undefined; // gone since it was listed
  // The record may be the first thing that an interrupted removal took.
  const record = names.includes(RECORD) ? await readFile(join(id, RECORD), 'utf8').catch(() => undefined) : undefined;
  const createdTime = record === undefined ? new Date(0).toISOString() : String(JSON.parse(record).createdTime);
  return { id, vmUID, createdTime, deleting: names.includes(DELETING) || record === undefined };
};

const entries = async (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });

const writeDurably = async (path: string, text: string): Promise<void> => {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};
