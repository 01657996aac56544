// The fake's time: the real one, moved on or made faster by whoever holds the control API. It goes on while the fake is dead.

export interface ClockState {
  /** A pair of real and told time, ms since 1970. */
  real: number;
  told: number;
  /** Told milliseconds a real one; 0 stands still. */
  rate: number;
}

export interface Clock {
  readonly now: () => number;
  readonly rate: () => number;
  readonly setRate: (rate: number) => void;
  readonly advance: (ms: number) => void;
}

export const createClock = (state: ClockState): Clock => {
  const now = (): number => state.told + (Date.now() - state.real) * state.rate;
  const anchor = (): void => {
    const told = now();
    state.real = Date.now();
    state.told = told;
  };
  return {
    now,
    rate: () => state.rate,
    setRate: (rate) => {
      anchor();
      state.rate = rate;
    },
    advance: (ms) => {
      state.told += ms;
    },
  };
};
