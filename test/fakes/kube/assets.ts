// What there is to test a cluster with: KUBEBUILDER_ASSETS (a folder with etcd and kube-apiserver, as envtest has it, or
// crd-apiserver), or BERTH_TEST_KUBECONFIG (a disposable cluster). Without either, whole test files are left out.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { skip } from '../../runner/skip.ts';

export type Assets =
  | { readonly variant: 'full' | 'crd'; readonly folder: string }
  | { readonly variant: 'given'; readonly kubeconfig: string };

export type Variant = Assets['variant'];

const NONE = 'no KUBEBUILDER_ASSETS and no BERTH_TEST_KUBECONFIG';

/** Undefined after it said what is skipped, and why. `needs`: the variants on which it makes sense; all unless given. */
export const kubeAssets = (what: string, needs: readonly Variant[] = ['full', 'crd', 'given']): Assets | undefined => {
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
  if (existsSync(join(folder, 'kube-apiserver'))) return { variant: 'full', folder };
  if (existsSync(join(folder, 'crd-apiserver'))) return { variant: 'crd', folder };
  return `${folder} has neither kube-apiserver nor crd-apiserver`;
};
