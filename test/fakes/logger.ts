// A logger that keeps its lines, for tests that ask what was said.
import type { LogFields, Logger } from '../../controller/runtime/log.ts';

export interface LogLine extends LogFields {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly msg: string;
}

export interface MemoryLog extends Logger {
  readonly lines: readonly LogLine[];
}

export const createMemoryLog = (fields: LogFields = {}, lines: LogLine[] = []): MemoryLog => {
  const write = (level: LogLine['level']) => (more: LogFields, msg: string) => void lines.push({ ...fields, ...more, level, msg });
  return {
    lines,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => createMemoryLog({ ...fields, ...more }, lines),
  };
};
