// The directories that stand for machines. Made by rename, so that one exists whole or not at all; marked before it is
// deleted, so that a crash on the way is seen and gone on with at the next look.
import { access, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
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
const GONE = '.gone.';
/** Longer than it takes to make a machine on the busiest disk. */
const MAKING_MS = 60_000;

export const openMachines = ({ root, clock, shell, stopAll }: MachinesOptions): Machines => {
  const removing = new Set<string>();
  let isMade = false;
  /** Made once: a folder that is missing later was moved away, and its machines are not gone. */
  const ready = async (): Promise<void> => {
    if (!isMade) await mkdir(root, { recursive: true, mode: 0o700 });
    isMade = true;
    await access(root).catch((cause: unknown) => {
      throw new OperatorError('unavailable', `the folder of the VMs on this machine, ${root}, is missing: bring it back`, { cause });
    });
  };

  const remove = async (id: string): Promise<void> => {
    if (removing.has(id)) return;
    removing.add(id);
    const way = shell(id);
    try {
      await stopAll(way);
      // Out of sight first: a removal that is interrupted must not look like a machine with nothing on it.
      const gone = join(dirname(id), `${GONE}${basename(id)}`);
      await rename(id, gone);
      await discard(gone);
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
      await ready();
      const names = await entries(folder);
      for (const name of names) if (name.startsWith('.')) void sweep(folder, name, clock);
      const found = await Promise.all(names.filter((name) => !name.startsWith('.')).map((name) => inspect(folder, name)));
      await ready();
      for (const machine of found) if (machine?.deleting) void remove(machine.id);
      return found.filter((machine) => machine !== undefined);
    },
    create: async (poolUID, vmUID, name) => {
      const id = join(root, poolUID, vmUID);
      await ready();
      await mkdir(join(root, poolUID), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      const temporary = await mkdtemp(join(root, poolUID, `.${vmUID}.`));
      await writeDurably(join(temporary, RECORD), JSON.stringify({ name, createdTime: new Date(clock.now()).toISOString() }));
      await rename(temporary, id).catch(async (error: NodeJS.ErrnoException) => {
        await rm(temporary, { recursive: true, force: true });
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // it is there already
      });
    },
    delete: async (poolUID, vmUID) => {
      const id = join(root, poolUID, vmUID);
      if (!(await entries(id)).includes(RECORD)) return;
      await writeDurably(join(id, DELETING), '');
      void remove(id);
    },
  };
};

const inspect = async (folder: string, vmUID: string): Promise<MachineDirectory | undefined> => {
  const id = join(folder, vmUID);
  const names = await entries(id);
  if (!names.includes(RECORD)) return undefined; // gone since it was listed, or not one of ours
  const record = await readFile(join(id, RECORD), 'utf8').catch(() => undefined);
  if (record === undefined) return undefined;
  return { id, vmUID, createdTime: String(JSON.parse(record).createdTime), deleting: names.includes(DELETING) };
};

/** What was on its way out goes on; what a crash left on its way in goes once nobody can still be at it. */
const sweep = async (folder: string, name: string, clock: Clock): Promise<void> => {
  const path = join(folder, name);
  const made = name.startsWith(GONE) ? undefined : await stat(path).catch(() => undefined);
  if (name.startsWith(GONE) || (made && clock.now() - made.mtimeMs > MAKING_MS)) await discard(path);
};

/** What can not be removed now (files of another user) is tried again at the next look. */
const discard = (path: string): Promise<void> => rm(path, { recursive: true, force: true }).catch(() => undefined);

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
