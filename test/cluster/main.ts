// `npm run test:cluster`: the tests on real API servers, and their counts as the last line.
import { countsLine } from '../runner/report.ts';
import { runOnAll } from './run-on-all.ts';

const counts = await runOnAll({ build: true });
process.stdout.write(`${countsLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
