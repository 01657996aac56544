// `npm run simulate -- --seeds N --from S`: the whole operator on N seeds. Prints how often each fault fired, and for the
// first seed that fails its story; exits 1 if one failed or a fault never fired. `--told SEED` prints one seed's story,
// `--without A,B` leaves seeds out.
import { parseArgs } from 'node:util';
import { FAULTS } from './faults.ts';
import { runSeeds, type SeedResult } from './run-seeds.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    told: { type: 'string' },
    processes: { type: 'string', default: '2' },
    without: { type: 'string', default: '' },
  },
});

const leftOut = new Set(values.without.split(',').filter(Boolean).map(Number));

const tell = async (seed: number): Promise<boolean> => {
  const result = await simulate(seed, { told: true });
  process.stdout.write(
    `${result.story.join('\n')}\n\nseed ${seed}: ${result.fingerprint}\n${result.violations.map((one) => `  ${one}\n`).join('')}`,
  );
  return result.violations.length === 0;
};

const runAll = async (from: number, count: number): Promise<boolean> => {
  const started = performance.now();
  const failed: SeedResult[] = [];
  const totals = Object.fromEntries(FAULTS.map((fault) => [fault, 0]));
  let passed = 0;
  let fewest = { sessions: Infinity, machines: Infinity };
  await runSeeds({
    seeds: Array.from({ length: count }, (_, index) => from + index).filter((seed) => !leftOut.has(seed)),
    processes: Number(values.processes),
    done: (result) => {
      for (const fault of FAULTS) totals[fault] = (totals[fault] ?? 0) + (result.faults[fault] ?? 0);
      if (result.violations.length === 0) {
        passed += 1;
        fewest = { sessions: Math.min(fewest.sessions, result.sessions), machines: Math.min(fewest.machines, result.machines) };
      } else {
        failed.push(result);
        process.stdout.write(`seed ${result.seed} FAILED: ${result.violations[0]}\n`);
      }
      return failed.length < 20;
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const first = failed.toSorted((a, b) => a.seed - b.seed)[0];
  if (first && first.fingerprint !== '') await tell(first.seed);
  const idle = FAULTS.filter((fault) => totals[fault] === 0);
  process.stdout.write(`\nFaults: ${FAULTS.map((fault) => `${fault} ${totals[fault]}`).join(', ')}\n`);
  if (idle.length > 0) process.stdout.write(`Never fired: ${idle.join(', ')}\n`);
  process.stdout.write(`The smallest world had ${fewest.sessions} sessions and ${fewest.machines} machines.\n`);
  process.stdout.write(`${((passed + failed.length) / seconds).toFixed(1)} seeds/s in ${seconds.toFixed(1)} s\n`);
  for (const { seed } of failed) process.stdout.write(`Again: npm run simulate -- --told ${seed}\n`);
  process.stdout.write(`${passed} passed, ${failed.length} failed\n`);
  return failed.length === 0 && (idle.length === 0 || count < ENOUGH_FOR_ALL_FAULTS);
};

/** With fewer seeds than this a rare fault may well not come up. */
const ENOUGH_FOR_ALL_FAULTS = 50;

const isFine = values.told === undefined ? await runAll(Number(values.from), Number(values.seeds)) : await tell(Number(values.told));
process.exitCode = isFine ? 0 : 1;
