// The readable timeline of one seed. Nothing is kept, and no line is even made, unless somebody will read it.

export interface Story {
  readonly isTold: boolean;
  tell(line: () => string): void;
  lines(): readonly string[];
}

export const createStory = (isTold: boolean, elapsed: () => number): Story => {
  const lines: string[] = [];
  return {
    isTold,
    lines: () => lines,
    tell: (line) => {
      if (isTold) lines.push(`${time(elapsed())}  ${line()}`);
    },
  };
};

/** Simulated time as h:mm:ss.mmm. */
const time = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  return `${Math.floor(seconds / 3600)}:${parts.join(':')}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`;
};
