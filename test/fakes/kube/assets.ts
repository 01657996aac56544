// What there is to test a cluster with: KUBEBUILDER_ASSETS (a folder with etcd and kube-apiserver, as envtest has it, or
// crd-apiserver), or BERTH_TEST_KUBECONFIG (a disposable cluster). Without either, whole test files are left out.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { skip } from '../../runner/skip.ts';

/**
 * `full`: all of Kubernetes' API. `old`: from before rules (CEL), selectableFields and OpenAPI v3. `crd`: these, but no
 * built-in kinds and no rights. `given`: a cluster of somebody's.
 */
export type Assets =
  | { readonly variant: 'full' | 'old' | 'crd'; readonly folder: string }
  | { readonly variant: 'given'; readonly kubeconfig: string };

export type Variant = Assets['variant'];

const NONE = 'no KUBEBUILDER_ASSETS and no BERTH_TEST_KUBECONFIG';

/** Undefined after it said what is skipped, and why. `needs`: the variants on which it makes sense; all unless given. */
export const kubeAssets = (what: string, needs: readonly Variant[] = ['full', 'old', 'crd', 'given']): Assets | undefined => {
  const found = find();
  const why = typeof found === 'string' ? found : needs.includes(found.variant) ? undefined : `not on a server of variant ${found.variant}`;
  if (why === undefined && typeof found !== 'string') return found;
  skip(what, why ?? NONE);
  return undefined;
};

const find = (): Assets | string => {
  const { BERTH_TEST_KUBECONFIG: kubeconfig, KUBEBUILDER_ASSETS: folder, PATH = '' } = process.env;
  const absent = ['kubectl', 'openssl'].find((program) => !PATH.split(delimiter).some((path) => existsSync(join(path, program))));
  if ((kubeconfig || folder) && absent !== undefined) return `${absent} is not on PATH`;
  if (kubeconfig) return { variant: 'given', kubeconfig };
  if (!folder) return NONE;
  if (!existsSync(join(folder, 'etcd'))) return `${folder} has no etcd`;
  const apiServer = join(folder, 'kube-apiserver');
  if (existsSync(apiServer)) return { variant: minorOf(apiServer) < FIRST_MINOR ? 'old' : 'full', folder };
  if (existsSync(join(folder, 'crd-apiserver'))) return { variant: 'crd', folder };
  return `${folder} has neither kube-apiserver nor crd-apiserver`;
};

/** Of Kubernetes 1: the first with all that a CRD of ours has. */
const FIRST_MINOR = 30;

/** Of one of Kubernetes' programs: 36 of 1.36. */
export const minorOf = (program: string): number =>
  Number(/v1\.(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]);
