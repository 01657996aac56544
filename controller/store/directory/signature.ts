// What lets a change of a file be told without reading it.
import type { BigIntStats } from 'node:fs';

/** Any write, rename or chmod changes it. */
export const signatureOf = (stats: BigIntStats): string => `${stats.ino}-${stats.size}-${stats.mtimeNs}-${stats.ctimeNs}`;
