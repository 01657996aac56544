// A child process that simulates the seeds it is sent, one at a time, and sends back what came of each.
import { simulate } from './simulate.ts';

process.on('message', (seed: number) => {
  void simulate(seed).then(({ story: _, ...result }) => process.send?.(result));
});
