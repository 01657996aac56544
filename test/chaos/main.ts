// `npm run chaos -- --kills 200 --sessions 20 --seed N`: kill -9 of a real controller at random moments while sessions run.
// Prints what was done, what was found wrong, and `N passed, N failed`; exits 1 if anything was wrong.
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    sessions: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort(new Error(`ended by ${signal}`)));

const { judgements, kills, seconds } = await runChaos({
  kills: Number(values.kills),
  sessions: Number(values.sessions),
  seed: Number(values.seed),
  interrupted: interruption.signal,
  say: (line) => process.stderr.write(`${line}\n`),
});
const moments = Object.entries(kills).map(([moment, count]) => `${count} ${moment}`);
const lines = judgements.reduce((sum, judgement) => sum + (judgement.lines ?? 0), 0);
const failed = judgements.filter(({ problems }) => problems.length > 0);
process.stdout.write(
  [
    `seed ${values.seed}: ${Object.values(kills).reduce((a, b) => a + b)} kills (${moments.join(', ')}) in ${seconds.toFixed(0)} s`,
    `${judgements.filter((judgement) => judgement.lines !== undefined).length} sessions printed ${lines} lines`,
    ...failed.map(({ what, problems }) => `FAILED ${what}: ${problems.join('; ')}`),
    `${judgements.length - failed.length} passed, ${failed.length} failed`,
    '',
  ].join('\n'),
);
process.exitCode = failed.length > 0 ? 1 : 0;
