// `berth list` as people feel it: the bundled program as a process, in turn with an empty Node program and with kubectl.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, type Figure, median, percentile } from './figure.ts';
import { runFleet } from './fleet.ts';

const SESSIONS = 1_000;
const RUNS = 25;
const BUNDLE = fileURLToPath(new URL('../../dist/berth.mjs', import.meta.url));

export const list: Bench = async (scale) => {
  const sessions = Math.round(SESSIONS * scale);
  const runs = Math.max(3, Math.round(RUNS * scale));
  const root = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  try {
    await runFleet(root, sessions);
    const store = ['--store', `dir:${join(root, 'manifests')}`, '--state', join(root, 'state')];
    const programs = {
      'berth list': [process.execPath, BUNDLE, 'list', ...store],
      'node -e 0': [process.execPath, '-e', '0'],
      'kubectl version --client': ['kubectl', 'version', '--client'],
    };
    return figures(inTurn(programs, runs), sessions, runs);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

type Times = Readonly<Record<string, readonly number[]>>;

/** Each program once a round, so that what else the machine does falls on all of them alike. */
const inTurn = (programs: Readonly<Record<string, readonly string[]>>, runs: number): Times => {
  const times: Record<string, number[]> = {};
  // The first round fills caches and is left out.
  for (let run = -1; run < runs; run++) {
    for (const [name, [program = '', ...args]] of Object.entries(programs)) {
      const began = performance.now();
      const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
      const ms = performance.now() - began;
      if (error && 'code' in error && error.code === 'ENOENT') continue;
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      if (run >= 0) times[name] = [...(times[name] ?? []), ms];
    }
  }
  return times;
};

const figures = (times: Times, sessions: number, runs: number): readonly Figure[] => {
  const fixture = `${sessions} sessions; median of ${runs}, in turn`;
  const of = (name: string): number => median(times[name] ?? []);
  const [berth, node, kubectl] = [of('berth list'), of('node -e 0'), times['kubectl version --client'] && of('kubectl version --client')];
  const p99 = percentile(times['berth list'] ?? [], 0.99);
  return [
    { figure: 'berth list', value: berth, unit: 'ms', fixture, p99, nodeMs: node, kubectlMs: kubectl ?? 'kubectl is not on PATH' },
    { figure: 'berth list against node -e 0', value: berth / node, unit: 'times', fixture },
    ...(kubectl === undefined
      ? []
      : [{ figure: 'berth list against kubectl version --client', value: berth / kubectl, unit: 'times', aim: 1, fixture }]),
  ];
};
