// How a command on another machine ended, as its channel tells.
import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';

/**
 * Tells the exit code (128 + n for signal n) once all output was read; undefined where the channel ended without one. The
 * event 'exit' would not do: it may come together with the channel itself, before anybody can listen.
 */
export const endOf = (channel: ClientChannel, ended: (code: number | undefined) => void): void => {
  channel.once('close', (code?: number | null, signal?: string) => ended(code === null ? 128 + signalNumber(signal) : code));
};

/** `TERM` or `SIGTERM`; what this system has no number for counts as killed. */
const signalNumber = (name = ''): number => {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[name.startsWith('SIG') ? name : `SIG${name}`] ?? constants.signals.SIGKILL;
};
