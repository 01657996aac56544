// A child process that simulates the seeds it is sent, one at a time, and sends back what came of each.
import { simulate } from './simulate.ts';

// Nobody reads them, and errors are part of every seed: making traces takes a fifth of the time.
Error.stackTraceLimit = 0;

process.on('message', (seed: number) => {
  void simulate(seed).then(({ story: _, ...result }) => process.send?.(result));
});
