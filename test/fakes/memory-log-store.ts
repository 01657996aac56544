// The log store in memory: durable, addressed by byte offset, and at times full. Logs are ASCII, so that an offset into
// the text is a byte offset.
import { OperatorError } from '../../controller/api/error.ts';
import type { LogName, LogStore, LogSummary, RunLog } from '../../controller/output/log-store.ts';

export interface MemoryLogs {
  begin(run: RunLog): number;
  append(run: RunLog, offset: number, text: string): LogSummary;
  summary(log: LogName): LogSummary;
  skip(run: RunLog, to: number): LogSummary;
  remove(log: LogName): void;
  text(uid: string): string | undefined;
  setFull(isFull: boolean): void;
  isFull(): boolean;
}

interface Log {
  text: string;
  truncated: boolean;
  begun: { readonly attempt: number; readonly offset: number };
  summary: LogSummary | undefined;
}

const EMPTY: LogSummary = { bytes: 0, lines: 0, truncated: false, tail: '' };

export const createMemoryLogs = (): MemoryLogs => {
  const logs = new Map<string, Log>();
  let full = false;
  const open = (log: LogName): Log => {
    const found = logs.get(log.uid) ?? { text: '', truncated: false, begun: { attempt: 1, offset: 0 }, summary: undefined };
    logs.set(log.uid, found);
    return found;
  };
  const summary = (name: LogName): LogSummary => {
    const log = logs.get(name.uid);
    if (!log) return EMPTY;
    log.summary ??= summarize(log);
    return log.summary;
  };
  return {
    summary,
    text: (uid) => logs.get(uid)?.text,
    isFull: () => full,
    setFull: (isFull) => {
      full = isFull;
    },
    begin: (run) => {
      const log = open(run);
      if (run.attempt < log.begun.attempt)
        throw new OperatorError('conflict', `attempt ${run.attempt} of ${run.name} is over, attempt ${log.begun.attempt} has begun`);
      if (run.attempt > log.begun.attempt) log.begun = { attempt: run.attempt, offset: log.text.length };
      return log.begun.offset;
    },
    append: (name, offset, text) => {
      if (full) throw new OperatorError('unavailable', `cannot append to the log of ${name.name}: the disk is full`);
      const log = open(name);
      if (name.attempt < log.begun.attempt) return summary(name);
      if (offset > log.text.length)
        throw new OperatorError('conflict', `the log of ${name.name} ends at ${log.text.length}, not ${offset}`);
      log.text += text.slice(log.text.length - offset);
      log.summary = undefined;
      return summary(name);
    },
    skip: (name, to) => {
      const log = open(name);
      if (name.attempt < log.begun.attempt || to <= log.text.length) return summary(name);
      log.text = log.text.padEnd(to, '\0');
      log.truncated = true;
      log.summary = undefined;
      return summary(name);
    },
    remove: (name) => {
      logs.delete(name.uid);
    },
  };
};

const summarize = ({ text, truncated }: Log): LogSummary => {
  const recent = text.slice(-4096);
  const tail = text.length > 4096 ? recent.slice(recent.indexOf('\n') + 1) : recent;
  const pullRequestURL = /https:\/\/\S+\/pull\/\d+/.exec(text)?.[0];
  const lines = text.split('\n').length - 1;
  return { bytes: text.length, lines, truncated, tail, ...(pullRequestURL !== undefined && { pullRequestURL }) };
};

/** Without faults. */
export const openMemoryLogStore = (logs: MemoryLogs): LogStore => ({
  begin: async (run) => logs.begin(run),
  append: async (log, offset, bytes) => logs.append(log, offset, Buffer.from(bytes).toString('latin1')),
  summary: async (log) => logs.summary(log),
  skip: async (log, to) => logs.skip(log, to),
  remove: async (log) => logs.remove(log),
  hasSpace: async () => !logs.isFull(),
});
