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
  {
    seed: 274,
    story: 'a placement was stored and its answer lost, and the next pass, on a stale cache, gave the same slot to another session',
  },
  {
    seed: 20201,
    story: "of two controllers one had looked at a VM before the other's launch, and called the session lost for not being in sight",
  },
  {
    seed: 1198,
    story: 'a controller whose cache was behind took the run of a new session for a stray, stopped it and cleaned it up',
  },
  {
    seed: 201362,
    story: 'the rest of an attempt whose machine had gone came into the log after the next attempt had its place there',
  },
  {
    seed: 204851,
    story: 'of two controllers one called a machine gone that the other had made after its listing, and nobody owned the machine',
  },
  {
    seed: 101456,
    story: 'a controller that had just started fenced a VM at its first failed look, as one that died had once failed to reach it',
  },
  {
    seed: 52,
    story: 'a VM was reckoned with the price of the SKU that was open, was made as a dearer one, and passed the budget',
  },
  {
    seed: 44,
    story: 'what was refused by the counts of a quota was never looked at again in a pool in which nothing else happened',
  },
  {
    seed: 76,
    story: 'while the provider could not be asked, status.offerings was emptied, and with it what a restart goes by',
  },
  {
    seed: 385,
    story: 'on a VM that was started for the output on it what was only meant to be launched was, and lost unseen by the next controller',
  },
  {
    seed: 282,
    story: 'a VM that was started for the output on it, and took longer than a boot may to hand it over, was looked at without a pause',
  },
  {
    seed: 770,
    story: 'a VM whose deletion was asked for, and that could not be reached, was never fenced, as a session was on it',
  },
  {
    seed: 2392,
    story: 'a pool in deletion was not swept, so that a machine without an object kept its network, and the pool, for ever',
  },
  {
    seed: 12159,
    story: 'a session that was launched while the machines were listed did not count, and its output was left on one that was deallocated',
  },
  {
    seed: 17747,
    story: 'a VM of a size that its pool had given up counted nothing against the budget until its price was known',
  },
];
