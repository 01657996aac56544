// One line at the bottom of a terminal that tells how long we have been waiting, and for what. Elsewhere: nothing.
import type { Context } from './context.ts';
import { cut } from './render/text.ts';

export interface LiveLine {
  /** Replaces what the line says; undefined takes it away. */
  show(text: string | undefined): void;
  /** Runs `write` with the line out of the way. */
  around(write: () => void): void;
  close(): void;
}

const CLEAR = '\r\u001b[K';
const TICK_MS = 1000;

export const liveLine = ({ stderr, terminal, now }: Context): LiveLine => {
  if (!terminal.stderr) return { show: () => {}, around: (write) => write(), close: () => {} };
  const began = now();
  let text: string | undefined;
  const draw = (): void => {
    if (text === undefined) return;
    stderr.write(`${CLEAR}${cut(`${text} (${Math.floor((now() - began) / 1000)}s)`, terminal.columns - 4)}`);
  };
  const timer = setInterval(draw, TICK_MS).unref();
  const clear = (): void => {
    if (text !== undefined) stderr.write(CLEAR);
  };
  return {
    show: (next) => {
      clear();
      text = next;
      draw();
    },
    around: (write) => {
      clear();
      write();
      draw();
    },
    close: () => {
      clearInterval(timer);
      clear();
    },
  };
};
