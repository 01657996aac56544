// A logger that says nothing, where there is nobody to read it.
import type { Logger } from './log.ts';

const ignore = (): void => undefined;

export const silentLog: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silentLog };
