// The directory store with very many manifests, each in a file of its own. A child process per measurement: memory and
// start-up are those of the store alone.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measured } from './directory-worker.ts';
import { type Bench, percentile } from './figure.ts';

const MANIFESTS = 10_000;
const CHANGES = 200;
const WORKER = fileURLToPath(new URL('directory-worker.ts', import.meta.url));

export const directory: Bench = async (scale) => {
  const count = Math.round(MANIFESTS * scale);
  const root = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  try {
    await writeManifests(join(root, 'manifests'), count);
    const empty = await measure(join(root, 'empty'), 0);
    const first = await measure(root, 0);
    const again = await measure(root, Math.max(3, Math.round(CHANGES * scale)));
    const fixture = `${count} manifests, a file each`;
    return [
      {
        figure: 'directory: first start to synced',
        value: first.seconds,
        unit: 's',
        aim: 5,
        fixture: `${fixture}, none known yet: each is given its state file`,
      },
      { figure: 'directory: cold start to synced', value: again.seconds, unit: 's', aim: 5, fixture },
      {
        figure: 'directory: memory a session',
        value: (again.heapKiB - empty.heapKiB) / count,
        unit: 'KiB',
        aim: 30,
        fixture: `${fixture}; heap after collection`,
        residentKiB: (again.residentKiB - empty.residentKiB) / count,
      },
      {
        figure: 'directory: changed file to reconciler, p99',
        value: percentile(again.changes, 0.99),
        unit: 'ms',
        aim: 300,
        fixture: `${fixture}; ${again.changes.length} changes, one at a time`,
        p50: percentile(again.changes, 0.5),
      },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

export const manifestText = (name: string, priority = 0): string => `apiVersion: berth.dev/v1alpha1
kind: Session
metadata:
  name: ${name}
  labels:
    team: bench
spec:
  agent: claude
  prompt: |
    Implement user authentication for service ${name}, with tests,
    and open a pull request when everything passes.
  maxTurns: 20
  priority: ${priority}
  env:
    - name: CI
      value: "1"
`;

export const writeManifests = async (folder: string, count: number): Promise<void> => {
  await mkdir(folder, { recursive: true });
  for (let n = 0; n < count; n++) await writeFile(join(folder, `session-${n}.yaml`), manifestText(`session-${n}`));
};

const measure = async (root: string, changes: number): Promise<Measured> => {
  const child = fork(WORKER, [root, String(changes)], { execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'] });
  const [[measured], [code]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  if (code !== 0) throw new Error(`the measurement of the directory store ended with ${code}`);
  return measured as Measured;
};
