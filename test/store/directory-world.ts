// A real folder with a real directory store on it, and a client beside it.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Kind, type Kinds, keyOf, type ObjectKey } from '../../controller/api/object.ts';
import { openLogReader } from '../../controller/output/open-log-reader.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import type { Client } from '../../controller/store/client.ts';
import { openDirectoryClient } from '../../controller/store/directory/client.ts';
import { type DirectoryStoreOptions, type OpenedDirectoryStore, openDirectoryStore } from '../../controller/store/directory/store.ts';
import type { Store } from '../../controller/store/store.ts';

export interface DirectoryWorld {
  /** The folder of manifests. */
  readonly root: string;
  readonly base: string;
  readonly state: string;
  readonly client: Client;
  readonly problems: string[];
  readonly store: Store;
  open(options?: Partial<DirectoryStoreOptions>): Promise<Store>;
  /** Ends the controller as an orderly one does. */
  close(): Promise<void>;
  /** By temp and rename, as good producers do. */
  put(path: string, text: string): void;
  read(path: string): string;
  remove(path: string): void;
  end(): Promise<void>;
}

export const createDirectoryWorld = (options: Partial<DirectoryStoreOptions> & { readonly root?: string } = {}): DirectoryWorld => {
  const base = mkdtempSync(join(tmpdir(), 'berth-store-'));
  const root = options.root ?? join(base, 'manifests');
  const location = { stateHome: join(base, 'xdg'), ...(options.state === undefined ? {} : { state: options.state }) };
  const client = () => openDirectoryClient(root, { ...location, now: () => Date.now(), openLog: openLogReader });
  const problems: string[] = [];
  let current: OpenedDirectoryStore | undefined;
  const world: DirectoryWorld = {
    root,
    base,
    get state() {
      return current?.stateFolder ?? client().stateFolder;
    },
    get client() {
      return client().client;
    },
    problems,
    get store() {
      if (!current) throw new Error('the store is not open');
      return current.store;
    },
    open: async (more = {}) => {
      current = await openDirectoryStore(root, { ...storeOptions(base), ...options, ...more, onProblem: (text) => problems.push(text) });
      return current.store;
    },
    close: async () => {
      await current?.close();
      current = undefined;
    },
    put: (path, text) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(base, 'new'), text);
      renameSync(join(base, 'new'), join(root, path));
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    remove: (path) => rmSync(join(root, path), { recursive: true }),
    end: async () => {
      await world.close();
      if (existsSync(base)) rmSync(base, { recursive: true, force: true });
    },
  };
  return world;
};

const storeOptions = (base: string): DirectoryStoreOptions => ({
  clock: systemClock,
  newUID: randomUUID,
  holder: { pid: process.pid, host: hostname(), command: 'test' },
  environment: {},
  stateHome: join(base, 'xdg'),
});

export const session = (name: string, prompt = 'do it', more = ''): string =>
  `apiVersion: berth.dev/v1alpha1\nkind: Session\nmetadata: {name: ${name}}\nspec:\n  prompt: ${prompt}\n${more}`;

export const pool = (name: string, more = ''): string =>
  `apiVersion: berth.dev/v1alpha1\nkind: VMPool\nmetadata: {name: ${name}}\nspec:\n  provider: {type: Local}\n  sizes: [{name: l}]\n${more}`;

export const named = (name: string): ObjectKey => ({ namespace: 'default', name });

/** Waits for a state, by looking; fails after 10 s. */
export const until = async <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> => {
  const end = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

export const untilStored = <K extends Kind>(
  store: Store,
  kind: K,
  name: string,
  test: (object: Kinds[K]) => boolean = () => true,
): Promise<Kinds[K]> =>
  until(`${kind} ${name}`, async () => {
    const object = await store.get(kind, named(name));
    return object && test(object) ? object : undefined;
  });

export const untilGone = (store: Store, kind: Kind, name: string): Promise<boolean> =>
  until(`${kind} ${name} gone`, async () => (await store.get(kind, named(name))) === undefined);

export const at = (object: Kinds[Kind]) => ({
  ...keyOf(object),
  uid: object.metadata.uid,
  resourceVersion: object.metadata.resourceVersion,
});

/** Declares tests that each have a world of their own. */
export const inDirectoryWorld =
  (test: (title: string, run: () => Promise<void>) => void) =>
  (title: string, body: (world: DirectoryWorld) => Promise<void>): void =>
    test(title, async () => {
      const world = createDirectoryWorld();
      try {
        await body(world);
      } finally {
        await world.end();
      }
    });
