// What a watch does next, and after which pause: the whole of its state machine, without any I/O. Pure.

/**
 * `stream`: all that exists and what follows, on one connection (watch-list, KEP-3157).
 * `list`: all that exists, in pages, for servers that cannot stream it. `watch`: what follows `version`.
 */
export interface WatchState {
  readonly step: 'stream' | 'list' | 'watch';
  readonly version: string;
  readonly canStream: boolean;
  /** In a row, none of them after a while of health. */
  readonly failures: number;
  /** Connections in a row that ended without any news. */
  readonly barren: number;
}

export type Ended =
  | { readonly how: 'listed'; readonly version: string }
  /** The server will not stream what exists. */
  | { readonly how: 'refused' }
  /** The version is too old to go on from: 410 as an answer, or as an event. */
  | { readonly how: 'expired' }
  /** The server, or something between, ended it; `version` is the last one seen, empty before all that exists was. */
  | { readonly how: 'closed'; readonly version: string; readonly lastedMs: number; readonly hadNews: boolean; readonly askedMs?: number };

export const FIRST_STATE: WatchState = { step: 'stream', version: '', canStream: true, failures: 0, barren: 0 };

const FIRST_PAUSE_MS = 800;
const LONGEST_PAUSE_MS = 30_000;
const HEALTHY_MS = 120_000;
/** A server that just closes, again and again, may mean that it cannot go on from that version (CONVENTIONS D2). */
const BARREN = 5;

/** The pause is without jitter. */
export const afterwards = (state: WatchState, ended: Ended): { readonly state: WatchState; readonly pauseMs: number } => {
  switch (ended.how) {
    case 'listed':
      return { state: { ...state, step: 'watch', version: ended.version }, pauseMs: 0 };
    case 'refused':
      return { state: anew({ ...state, canStream: false }), pauseMs: 0 };
    case 'expired':
      return failed(anew(state), state.failures + 1, 0);
    case 'closed': {
      const barren = ended.hadNews ? 0 : state.barren + 1;
      const next =
        ended.version === '' || barren >= BARREN ? anew(state) : { ...state, step: 'watch' as const, version: ended.version, barren };
      if (ended.lastedMs >= HEALTHY_MS) return { state: { ...next, failures: 0 }, pauseMs: 0 };
      return failed(next, ended.hadNews ? 1 : state.failures + 1, ended.askedMs ?? 0);
    }
  }
};

const anew = (state: WatchState): WatchState => ({ ...state, step: state.canStream ? 'stream' : 'list', version: '', barren: 0 });

const failed = (state: WatchState, failures: number, askedMs: number) => ({
  state: { ...state, failures },
  pauseMs: Math.max(askedMs, Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10), LONGEST_PAUSE_MS)),
});
