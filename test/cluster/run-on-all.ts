// The tests on real API servers: on the one that the environment names, or on each that is to be had on this machine.
import { fetchAssets } from '../fakes/kube/fetch-assets.ts';
import { runTests, type TestRun } from '../runner/run-tests.ts';

const FILES = 'test/cluster/';
/** Mostly they wait: for a lease to run out, for an object to go. */
const AT_ONCE = '3';

/** `build`: servers that are not there yet are built, which takes minutes. */
export async function runOnAll({ build }: { readonly build: boolean }): Promise<TestRun> {
  const { KUBEBUILDER_ASSETS, BERTH_TEST_KUBECONFIG } = process.env;
  if (KUBEBUILDER_ASSETS || BERTH_TEST_KUBECONFIG) return runOn(process.env);
  let total: TestRun = { passed: 0, failed: 0, skipped: 0, failures: '' };
  for (const variant of ['full', 'crd'] as const) {
    const fetched = fetchAssets(variant, { build });
    if ('folder' in fetched) {
      process.stdout.write(`on the API server of ${fetched.folder}:\n`);
      total = add(total, await runOn({ ...process.env, KUBEBUILDER_ASSETS: fetched.folder }));
    } else {
      process.stdout.write(`skipped: ${FILES} on ${variant} (${fetched.reason})\n`);
      total = add(total, { passed: 0, failed: 0, skipped: 1, failures: '' });
    }
  }
  return total;
}

const runOn = (env: NodeJS.ProcessEnv): Promise<TestRun> => {
  // A cluster that was given is one for all files, and each begins with an empty one.
  const atOnce = env.BERTH_TEST_KUBECONFIG ? '1' : AT_ONCE;
  return runTests(['--again', '--timeout', '400', '--at-once', atOnce, FILES], env);
};

const add = (a: TestRun, b: TestRun): TestRun => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
  failures: a.failures + b.failures,
});
