// The contract of the log store: the controller's durable copy of every session's output, addressed by byte offset.

export interface LogStore {
  /**
   * Where the output of an attempt begins: at the end of what is there when this is first asked, and from then on there. An
   * earlier attempt is over by that: what it still has is passed over. Asked for it, throws `conflict`.
   */
  begin(run: RunLog): Promise<number>;
  /**
   * Appends `bytes` that begin at `offset` of the session's log, and resolves once they are on disk (fsync). Bytes the
   * store already has are skipped; an offset past its end throws `conflict` (ask again from `size`).
   */
  append(run: RunLog, offset: number, bytes: Uint8Array): Promise<LogSummary>;
  /** What is durable now; all zero for a log nobody wrote. Reads at most what is new since the last call. */
  summary(log: LogName): Promise<LogSummary>;
  /** The bytes in [from, to) are lost for ever (a rolling log on the VM, a lost VM): readers pass over them. */
  skip(run: RunLog, to: number): Promise<LogSummary>;
  /** Removes logs of sessions that are gone, once older than the retention. */
  remove(log: LogName): Promise<void>;
  /** False while the file system is too full to take more: nothing new is placed then, and nothing is deleted. */
  hasSpace(): Promise<boolean>;
}

export interface LogName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What one attempt writes of its session's log. */
export interface RunLog extends LogName {
  readonly attempt: number;
}

export interface LogSummary {
  /** Offset after the last durable byte: where to go on. */
  readonly bytes: number;
  readonly lines: number;
  readonly truncated: boolean;
  /** At most 4 KiB of whole lines, control sequences removed. */
  readonly tail: string;
  readonly pullRequestURL?: string;
}

export interface LogReader {
  /** What people must know of what they read here: that it is not everything. */
  readonly notice?: string | undefined;
  size(): Promise<number>;
  /** Bytes from `offset` to the present end. */
  read(offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Bytes from `offset` on, as they are written, until `signal`, or until all is read that was there when `ended` came. */
  follow(offset: number, signal: AbortSignal, ended?: AbortSignal): AsyncIterable<Uint8Array>;
}
