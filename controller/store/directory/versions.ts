// The counter behind resourceVersion. It never goes back, whatever is lost in a crash: each start is an epoch of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomic } from './atomic-write.ts';

/** A start has a billion versions to itself; nine million starts fit in 2^53. */
const EPOCH_SIZE = 1_000_000_000;

export const openVersions = async (folder: string, highestSeen: number): Promise<() => string> => {
  const path = join(folder, 'epoch');
  // The objects themselves stand in for a lost or torn file.
  const epoch = Math.max(readEpoch(path), Math.floor(highestSeen / EPOCH_SIZE)) + 1;
  await writeAtomic(path, `${epoch}\n`);
  let version = epoch * EPOCH_SIZE;
  return () => {
    version += 1;
    return String(version);
  };
};

const readEpoch = (path: string): number => {
  try {
    const epoch = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(epoch) && epoch > 0 ? epoch : 0;
  } catch {
    return 0;
  }
};
