// Prints for very many sessions, from one clock: each runs `cat` on a pipe of its own, so that what their programs cost does not hide
// what their output costs, and a line is as old as the stamp in it.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Printer {
  /** What the session runs. */
  readonly command: readonly string[];
  /** Prints the next lines, in one write; each is its number and the clock in ms since the epoch. */
  print(lines: number): void;
  printed(): number;
  /** The program ends when it has printed what is there. */
  end(): void;
}

export const openPrinters = (folder: string, count: number): readonly Printer[] => {
  const paths = Array.from({ length: count }, (_, n) => join(folder, `lines-${n}`));
  execFileSync('mkfifo', paths);
  return paths.map(openPrinter);
};

/** `times` prints of `lines` lines each, every `periodMs`, the printers evenly spread over that time. Tells how far it fell back, in ms. */
export const beat = async (
  printers: readonly Printer[],
  { times, lines, periodMs }: { readonly times: number; readonly lines: number; readonly periodMs: number },
): Promise<number> => {
  const began = performance.now();
  let behind = 0;
  for (let time = 0; time < times; time++) {
    for (const [place, printer] of printers.entries()) {
      const due = began + (time + place / printers.length) * periodMs;
      const early = due - performance.now();
      if (early > 0) await delay(early);
      behind = Math.max(behind, performance.now() - due);
      printer.print(lines);
    }
  }
  return behind;
};

const openPrinter = (path: string): Printer => {
  // For reading as well: whoever opens it only to write waits for a reader, and this one is there before its session.
  const file = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  let printed = 0;
  return {
    command: ['cat', path],
    print: (lines) => {
      const stamp = (performance.timeOrigin + performance.now()).toFixed(3);
      writeSync(file, Array.from({ length: lines }, (_, n) => `${printed + n} ${stamp}\n`).join(''));
      printed += lines;
    },
    printed: () => printed,
    end: () => closeSync(file),
  };
};
