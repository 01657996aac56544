// What nobody caught ends the process, after it is logged: a restart is safe at any instruction, going on is not.
import type { Logger } from './log.ts';

/** Returns a function that takes the handlers off again. */
export const crashOnUnhandled = (log: Logger): (() => void) => {
  const crash = (error: unknown): never => {
    log.error({ error }, 'Crashed on an error that nothing handled');
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  return () => {
    process.off('uncaughtException', crash);
    process.off('unhandledRejection', crash);
  };
};
