// Sessions whose processes do not want to end, and what is left of them.
import { resolve } from 'node:path';
import { processesWith } from '../session/vm-world.ts';
import { eventually } from './eventually.ts';
import { idsIn } from './normalise.ts';
import type { UserWorld } from './world.ts';

const unkillable = resolve(import.meta.dirname, '..', 'fixtures', 'unkillable.sh');
/** The shell, its background child, two daemons, and the sleeps of the first three. */
const FEWEST = 6;

/** Resolves with its id once all of the tree is there. */
export const startUnkillable = async (world: UserWorld): Promise<string> => {
  const id = await startCommand(world, 'bash', unkillable);
  await eventually(async () => ((await processesOf(world, id)).length >= FEWEST ? true : undefined));
  return id;
};

export const startCommand = async (world: UserWorld, ...argv: readonly string[]): Promise<string> => {
  const { out, err, code } = await world.berth('start', '--', ...argv);
  const [id] = idsIn(out);
  if (code !== 0 || id === undefined) throw new Error(out + err);
  return id;
};

/** All that runs in the session's name but its supervisor and terminal, which outlive it for a moment. */
export const processesOf = async (world: UserWorld, id: string): Promise<readonly number[]> => {
  const session = await world.session(id);
  return processesWith(`BERTH_SESSION_UID=${session?.metadata.uid}`);
};
