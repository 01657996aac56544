// The controller as a process: runs until it is told to stop, lets what it does come to an end, and crashes on what
// nobody expected. A restart is safe at any instruction.
import { compose, type Replaced } from './compose.ts';
import { type ControllerOptions, readConfig } from './config.ts';
import { keepAlive } from './runtime/clock.ts';
import { crashOnUnhandled } from './runtime/crash.ts';
import { createLogger } from './runtime/log.ts';

/**
 * Resolves after SIGTERM or SIGINT, once all is settled. Throws `denied` when another controller holds the store, and
 * `invalid` for options that make no sense.
 */
export const runController = async (options: ControllerOptions = {}, replaced: Replaced = {}): Promise<void> => {
  const config = readConfig(options);
  const log = createLogger({ level: config.logLevel });
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    // The second one means it.
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    log.info({ signal }, 'Stopping: sessions go on');
    stop.abort();
  };
  const composed = await compose(config, log, replaced);
  const stopCrashing = crashOnUnhandled(log);
  const release = keepAlive();
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    log.info({ store: config.store, pid: process.pid }, 'Started the controller');
    await composed.run(stop.signal);
    log.info({}, 'Stopped the controller');
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    release();
    stopCrashing();
  }
};
