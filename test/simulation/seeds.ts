// Seeds that once found something wrong, with what it was: they are simulated by the tests, so that it stays right.

export interface FoundBug {
  readonly seed: number;
  readonly story: string;
}

export const FOUND: readonly FoundBug[] = [];
