// Records what a real API server with Berth's CRDs answers to the table of cases: `KUBECONFIG=… node test/crds/record.ts`
// applies the CRDs, sends each case as a dry run, and writes test/fixtures/api-server.json.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { API_VERSION, PLURALS } from '../../controller/api/object.ts';
import { CASES, type Case } from './cases.ts';

export interface Recorded {
  readonly name: string;
  /** Absent when the server took the resource. */
  readonly causes?: readonly { readonly field: string; readonly message: string }[];
  /** The refusal of a resource that could not even be read (unknown fields). */
  readonly message?: string;
  /** The spec as defaulted, when taken. */
  readonly spec?: unknown;
}

interface Answer {
  readonly code?: number;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] };
  readonly metadata?: { readonly resourceVersion?: string };
  readonly spec?: unknown;
}

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

async function main(): Promise<void> {
  execFileSync('kubectl', ['apply', '--server-side', '-f', root('crds')], { stdio: 'inherit' });
  execFileSync('kubectl', ['wait', '--for=condition=Established', '--timeout=30s', '-f', root('crds')], { stdio: 'inherit' });
  const proxy = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(proxy.stdout, 'data')) as [Buffer];
    const base = `http://${line.toString().trim().split(' ').at(-1)}/apis/${API_VERSION}/namespaces/default`;
    const recorded: Recorded[] = [];
    for (const one of CASES) recorded.push(await recordAt(base, one));
    const file = root('test/fixtures/api-server.json');
    writeFileSync(file, `[\n${recorded.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
    console.log(`${recorded.length} cases, ${recorded.filter((one) => one.spec === undefined).length} refused: ${file}`);
  } finally {
    proxy.kill();
  }
}

export async function recordAt(base: string, one: Case): Promise<Recorded> {
  const path = `${base}/${PLURALS[one.kind]}`;
  const object = { apiVersion: API_VERSION, kind: one.kind, metadata: one.metadata ?? { name: 'a' }, spec: one.spec };
  if (one.old === undefined) return recorded(one, await send('POST', `${path}?dryRun=All&fieldValidation=Strict`, object));
  const stored = await send('POST', path, { ...object, spec: one.old });
  if (stored.code !== undefined) throw new Error(`${one.name}: the old object was refused: ${stored.message}`);
  const metadata = { name: 'a', resourceVersion: stored.metadata?.resourceVersion };
  const answer = await send('PUT', `${path}/a?dryRun=All&fieldValidation=Strict`, { ...object, metadata });
  await send('DELETE', `${path}/a`);
  return recorded(one, answer);
}

async function send(method: string, url: string, body?: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (response.status === 429) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return send(method, url, body);
  }
  return (await response.json()) as Answer;
}

function recorded({ name }: Case, answer: Answer): Recorded {
  if (answer.code === undefined) return { name: shorten(name), spec: JSON.parse(shorten(JSON.stringify(answer.spec))) };
  const causes = answer.details?.causes?.map(({ field, message }) => ({ field, message: shorten(message) }));
  return { name: shorten(name), ...(causes ? { causes } : { message: shorten(answer.message ?? '') }) };
}

/** Keeps the values of tens of kilobytes, which the server repeats, out of the fixture. */
export const shorten = (text: string): string => text.replace(/(x|€|😀|\\U0001f600){50,}/gu, '…');

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
