// The folders of a real API server, as a script beside the project builds and keeps them: KUBEBUILDER_ASSETS for who has none.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type Fetched = { readonly folder: string } | { readonly reason: string };

const SCRIPT = resolve(import.meta.dirname, '..', '..', '..', '..', 'shared', 'kube', 'assets');
/** The first time on a machine it is built from source. */
const LONGEST_BUILD_MS = 600_000;

/** Never throws: what cannot be had is left out, and said. */
export const fetchAssets = (what: 'full' | 'crd' | 'peer', { build = true } = {}): Fetched => {
  if (!existsSync(SCRIPT)) return { reason: 'no KUBEBUILDER_ASSETS, no BERTH_TEST_KUBECONFIG, and no ../shared/kube/assets' };
  if (!build && !existsSync(join(cache(), what, '.complete')))
    return { reason: `${what} assets were not built on this machine: npm run test:cluster` };
  const { status, stdout, stderr, error } = spawnSync(SCRIPT, [what], { encoding: 'utf8', timeout: LONGEST_BUILD_MS, maxBuffer: 2 ** 28 });
  const folder = stdout.trim().split('\n').at(-1) ?? '';
  if (status === 0 && existsSync(folder)) return { folder };
  const why = stderr.trim().split('\n').at(-1);
  return { reason: `${what} assets cannot be had here: ${why || error?.message || `exit code ${status}`}` };
};

/** Where the script keeps what it has built. */
const cache = (): string => process.env.BERTH_KUBE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'berth-kube');
