// Opens the directory store in a process of its own, follows it with an informer as a controller does, changes some files,
// and sends home what it measured.
import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepAlive, systemClock } from '../../controller/runtime/clock.ts';
import { createInformer } from '../../controller/runtime/informer.ts';
import { openStore } from '../../controller/store/open.ts';
import { manifestText } from './directory.ts';

export interface Measured {
  readonly seconds: number;
  readonly heapKiB: number;
  readonly residentKiB: number;
  /** Milliseconds from each change of a file to the change seen by reconcilers. */
  readonly changes: readonly number[];
}

const [root = '', changeCount = '0'] = process.argv.slice(2);
const manifests = join(root, 'manifests');
mkdirSync(manifests, { recursive: true });
const release = keepAlive();

const began = performance.now();
const { store, close } = await openStore(
  { type: 'dir', path: manifests },
  {
    clock: systemClock,
    newUID: randomUUID,
    holder: { pid: process.pid, host: 'bench', command: 'bench' },
    environment: {},
    stateHome: root,
    state: join(root, 'state'),
  },
);
const stop = new AbortController();
const informer = createInformer({ kind: 'Session', store });
const watching = informer.run(stop.signal);
await informer.whenSynced;
const seconds = (performance.now() - began) / 1000;

globalThis.gc?.();
const memory = process.memoryUsage();
const changes: number[] = [];
const step = Math.max(1, Math.floor(informer.list().length / Number(changeCount)));
for (let n = 0; n < Number(changeCount); n++) changes.push(await change(`session-${n * step}`, n + 1));

stop.abort();
await watching;
await close();
release();
process.send?.({ seconds, heapKiB: memory.heapUsed / 1024, residentKiB: memory.rss / 1024, changes } satisfies Measured);
process.disconnect?.();

async function change(name: string, priority: number): Promise<number> {
  const seen = Promise.withResolvers<number>();
  const forget = informer.onChange(({ after }) => {
    if (after?.metadata.name === name && after.spec.priority === priority) seen.resolve(performance.now());
  });
  const temporary = join(root, 'change');
  writeFileSync(temporary, manifestText(name, priority));
  const changed = performance.now();
  renameSync(temporary, join(manifests, `${name}.yaml`));
  const ms = (await seen.promise) - changed;
  forget();
  return ms;
}
