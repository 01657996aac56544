// `berth kill`: the tutorial's words for each stage of an end.
import type { Status } from '../session.ts';

export const killing = (id: string): string => `Killing session: ${id}\n`;

export const signalled = (force: boolean): string => `  Sending ${force ? 'SIGKILL' : 'SIGTERM'}...\n`;

/** Found finished when asked: nothing was changed. */
export const alreadyOver = (status: Status): string => `  Already ${status}.\nStatus unchanged: ${status}\n`;

export const ended = (status: Status, started: boolean): string =>
  `${started ? '  Session terminated.' : '  Not started; removed from the queue.'}\nStatus updated: ${status}\n`;
