// Where the processors' time and the memory go of a fleet that is all on one machine: by kind of process.
import { readdir, readFile } from 'node:fs/promises';
import { usage } from './process-usage.ts';

export interface Member {
  readonly pid: number;
  readonly kind: string;
}

export type ByKind = Readonly<Record<string, number>>;

/** All processes that have `folder` in their environment or command line, and what serves the connections of such servers. */
export const membersOf = async (folder: string): Promise<readonly Member[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(
    pids.map(async (pid) => {
      const [environment = '', words = '', name = '', stat] = await Promise.all(
        ['environ', 'cmdline', 'comm', 'stat'].map((file) => fileOf(pid, file)),
      );
      const parent = Number(stat?.split(') ')[1]?.split(' ')[1]);
      return { pid, kind: kindOf(name, words), parent, knows: environment.includes(folder) || words.includes(folder) };
    }),
  );
  // What serves a connection writes its title over its environment.
  const servers = new Set(all.flatMap(({ pid, kind, knows }) => (knows && kind === 'sshd' ? [pid] : [])));
  return all.filter(({ parent, knows }) => knows || servers.has(parent)).map(({ pid, kind }) => ({ pid, kind }));
};

export const cpuMs = async (members: readonly Member[]): Promise<ByKind> =>
  sum(
    await Promise.all(
      members.map(async ({ pid, kind }) => ({
        kind,
        value: await usage(pid).then(
          (of) => of.cpuMs,
          () => 0,
        ),
      })),
    ),
  );

/** Pages that several share count in equal parts. */
export const memoryMiB = async (members: readonly Member[]): Promise<ByKind> => {
  const shares = await Promise.all(
    members.map(async ({ pid, kind }) => ({
      kind,
      value: Number(/^Pss:\s+(\d+)/m.exec(await fileOf(pid, 'smaps_rollup'))?.[1] ?? 0) / 1024,
    })),
  );
  return sum(shares);
};

const kindOf = (name: string, words: string): string => {
  if (/^(sshd|tmux)/.test(name)) return name.slice(0, 4);
  if (words.includes('\0supervise\0')) return 'supervisor';
  if (words.includes('\0stream\0')) return 'stream';
  return words.includes('\0controller\0') ? 'controller' : 'program';
};

const sum = (parts: readonly { readonly kind: string; readonly value: number }[]): ByKind =>
  Object.fromEntries(
    [...Map.groupBy(parts, ({ kind }) => kind)].map(([kind, of]) => [kind, of.reduce((total, { value }) => total + value, 0)]),
  );

const fileOf = (pid: number, name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '');
