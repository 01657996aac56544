// Seeds that once found something wrong, with what it was: they are simulated by the tests, so that it stays right.

export interface FoundBug {
  readonly seed: number;
  readonly story: string;
}

export const FOUND: readonly FoundBug[] = [
  {
    seed: 4,
    story: 'a session placed straight onto a ready VM while its finalizer was refused was never held again, so never launched',
  },
  {
    seed: 6,
    story: 'the machine of a VM object that was being deleted vanished, and the session on it waited for ever',
  },
];
