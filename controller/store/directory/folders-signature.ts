// What lets a change below a folder be told without looking at its files: those of a state folder are only ever replaced
// by rename, which the folder they are in records.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { signatureOf } from './signature.ts';

/** File systems record times in ticks of up to 2 s: of two changes within one, the second does not show. */
const TICK_MS = 2_500;

/** Of the folder and those in it. Undefined while a change that is still to come might not show; `now`: taken before. */
export const foldersSignature = (folder: string, now: number): string | undefined => {
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
    const stats = ['', ...names].map((name) => statSync(join(folder, name), { bigint: true }));
    if (stats.some(({ ctimeMs }) => now - Number(ctimeMs) < TICK_MS)) return undefined;
    return stats.map((each, index) => `${names[index - 1] ?? ''}:${signatureOf(each)}`).join(' ');
  } catch {
    // Not there, or just going.
    return undefined;
  }
};
