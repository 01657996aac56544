// An API server in this process, for faults that a real one does not have on demand: objects of any kind by path, lists in
// pages, watches, merge patches with preconditions, finalizers. What a test puts into `fault` comes first.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Agent } from 'undici';
import { systemClock } from '../../controller/runtime/clock.ts';
import type { Connection } from '../../controller/store/cluster/connect.ts';
import { type Api, type ApiOptions, createApi } from '../../controller/store/cluster/request.ts';

interface Meta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
}
interface Stored {
  readonly metadata: Meta;
  readonly spec?: unknown;
  readonly status?: unknown;
}
interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly collection: string;
  readonly object: Stored;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeApiServer {
  readonly api: Api;
  readonly url: string;
  readonly asked: readonly Asked[];
  /** An answer instead of the real one; `drop` cuts the connection; `hang` never answers. */
  fault: (asked: Asked) => Answer | 'drop' | 'hang' | undefined;
  /** Whether watches may begin with what exists (watch-list). */
  streams: boolean;
  readonly objects: ReadonlyMap<string, Stored>;
  /** Connections of watches that are open now. */
  watching(): number;
  /** Ends all watches: properly, or by cutting them off. */
  endWatches(how: 'end' | 'cut'): void;
  /** Writes a line into every watch. */
  tell(line: object): void;
  /** Removes it without anybody being told. */
  vanish(path: string): void;
  /** No version before now can be gone on from. */
  forget(): void;
  readonly tokens: { current: string };
  close(): Promise<void>;
}

export const startApiServer = async (options: Partial<ApiOptions> = {}): Promise<FakeApiServer> => {
  const objects = new Map<string, Stored>();
  const log: Event[] = [];
  const watches = new Set<{ readonly response: ServerResponse; readonly collection: RegExp }>();
  const asked: Asked[] = [];
  const tokens = { current: 'one' };
  let version = 0;
  let oldest = 0;

  const record = (type: Event['type'], path: string, object: Stored): Stored => {
    const collection = path.slice(0, path.lastIndexOf('/'));
    log.push({ type, version, collection, object });
    for (const watch of watches) if (watch.collection.test(collection)) watch.response.write(`${JSON.stringify({ type, object })}\n`);
    return object;
  };
  const put = (path: string, object: Stored, before: Stored | undefined): Stored => {
    version += 1;
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const isGone = after.metadata.deletionTimestamp !== undefined && (after.metadata.finalizers ?? []).length === 0;
    if (isGone) objects.delete(path);
    else objects.set(path, after);
    return record(isGone ? 'DELETED' : before ? 'MODIFIED' : 'ADDED', path, after);
  };

  const create = (path: string, body: unknown): Answer => {
    const given = body as Stored;
    const namespace = /\/namespaces\/([^/]+)\//.exec(`${path}/`)?.[1] ?? '';
    const full = `${path}/${given.metadata.name}`;
    if (objects.has(full)) return refused(409, 'AlreadyExists');
    const metadata = { ...given.metadata, namespace, uid: randomUUID(), generation: 1, creationTimestamp: now(), managedFields: [{}] };
    const status = path.includes('/berth.dev/') ? { status: { observedGeneration: -1 } } : {};
    return { status: 201, body: put(full, { ...given, ...status, metadata } as Stored, undefined) };
  };
  const patch = (path: string, asked: Asked): Answer => {
    const isStatus = path.endsWith('/status');
    const full = isStatus ? path.slice(0, -'/status'.length) : path;
    const before = objects.get(full);
    const body = asked.body as Partial<Stored>;
    if (before === undefined) {
      return asked.query.get('fieldValidation') ? create(full.slice(0, full.lastIndexOf('/')), body) : refused(404, 'NotFound');
    }
    const wanted = body.metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== before.metadata.resourceVersion) return refused(409, 'Conflict');
    const merged = merge(before, isStatus ? { status: body.status } : { ...body, status: undefined }) as Stored;
    const status = isStatus ? merged.status : before.status;
    const hasNewSpec = JSON.stringify(merged.spec) !== JSON.stringify(before.spec);
    const metadata = { ...merged.metadata, generation: before.metadata.generation + (hasNewSpec ? 1 : 0) };
    const after = { ...merged, metadata, ...(status === undefined ? {} : { status }) };
    if (JSON.stringify(after) === JSON.stringify(before)) return { status: 200, body: before };
    return { status: 200, body: put(full, after, before) };
  };
  const replace = (path: string, body: unknown): Answer => {
    const before = objects.get(path);
    const given = body as Stored;
    if (before === undefined) return refused(404, 'NotFound');
    if (given.metadata.resourceVersion !== before.metadata.resourceVersion) return refused(409, 'Conflict');
    return { status: 200, body: put(path, { ...given, metadata: { ...before.metadata, ...given.metadata } }, before) };
  };
  const remove = (path: string, body: unknown): Answer => {
    const before = objects.get(path);
    if (before === undefined) return refused(404, 'NotFound');
    const uid = (body as { readonly preconditions?: { readonly uid?: string } } | undefined)?.preconditions?.uid;
    if (uid !== undefined && uid !== before.metadata.uid) return refused(409, 'Conflict');
    if (before.metadata.deletionTimestamp !== undefined) return { status: 200, body: before };
    const metadata = { ...before.metadata, deletionTimestamp: now(), generation: before.metadata.generation + 1 };
    return { status: 200, body: put(path, { ...before, metadata }, before) };
  };

  const inCollection = (path: string): readonly Stored[] =>
    [...objects].filter(([full]) => collectionPattern(path).test(full.slice(0, full.lastIndexOf('/')))).map(([, object]) => object);
  const list = (path: string, query: URLSearchParams): Answer => {
    const from = Number(query.get('continue') ?? 0);
    const all = inCollection(path);
    const limit = Number(query.get('limit') ?? all.length) || all.length;
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    return { status: 200, body: { metadata: { resourceVersion: String(version), ...more }, items: all.slice(from, from + limit) } };
  };
  const watch = (path: string, query: URLSearchParams, response: ServerResponse): Answer | undefined => {
    const initial = query.get('sendInitialEvents') === 'true';
    if (initial && !server.streams) return refused(422, 'Invalid');
    const from = Number(query.get('resourceVersion') ?? 0);
    if (!initial && from < oldest) return refused(410, 'Expired');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const collection = collectionPattern(path);
    const lines = initial
      ? [
          ...inCollection(path).map((object) => ({ type: 'ADDED', object })),
          {
            type: 'BOOKMARK',
            object: { metadata: { resourceVersion: String(version), annotations: { 'k8s.io/initial-events-end': 'true' } } },
          },
        ]
      : log.filter((event) => event.version > from && collection.test(event.collection)).map(({ type, object }) => ({ type, object }));
    response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const entry = { response, collection };
    watches.add(entry);
    response.once('close', () => watches.delete(entry));
    return undefined;
  };

  const answer = (request: Asked, response: ServerResponse): Answer | undefined => {
    const { method, path, query, body } = request;
    switch (method) {
      case 'POST':
        return create(path, body);
      case 'PUT':
        return replace(path, body);
      case 'PATCH':
        return patch(path, request);
      case 'DELETE':
        return remove(path, body);
      default: {
        if (query.get('watch') === 'true') return watch(path, query, response);
        // It has no other APIs, and does not tell of its own.
        if (/^\/apis\/[^/]+\/[^/]+$/.test(path)) return refused(404, 'NotFound');
        if (!/\/namespaces\/[^/]+\/[^/]+\/[^/]+$/.test(path)) return list(path, query);
        const object = objects.get(path);
        return object ? { status: 200, body: object } : refused(404, 'NotFound');
      }
    }
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const raw = await text(request);
    const { authorization } = request.headers;
    const one = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      authorization,
      body: raw ? JSON.parse(raw) : undefined,
    };
    asked.push(one);
    const fault = server.fault(one);
    if (fault === 'hang') return;
    if (fault === 'drop') return void response.destroy();
    const reply = fault ?? (authorization === `Bearer ${tokens.current}` ? answer(one, response) : refused(401, 'Unauthorized'));
    if (reply === undefined) return;
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
  };
  const http = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const server: FakeApiServer = {
    api: createApi(connectionTo(url, tokens), { clock: systemClock, random: () => 0, ...options }),
    url,
    asked,
    tokens,
    fault: () => undefined,
    streams: true,
    objects,
    watching: () => watches.size,
    endWatches: (how) => {
      for (const { response } of watches) how === 'end' ? response.end() : response.destroy();
    },
    tell: (line) => {
      for (const { response } of watches) response.write(`${JSON.stringify(line)}\n`);
    },
    vanish: (path) => void objects.delete(path),
    forget: () => {
      version += 1;
      oldest = version;
    },
    close: async () => {
      await server.api.close();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return server;
};

/** Asked anew, it gives the token of now; otherwise the one it knows. */
const connectionTo = (server: string, tokens: { readonly current: string }): Connection => {
  const dispatcher = new Agent();
  let token = tokens.current;
  return {
    server,
    namespace: undefined,
    credentials: async (fresh) => {
      if (fresh) token = tokens.current;
      return { headers: { authorization: `Bearer ${token}` }, dispatcher };
    },
    close: () => dispatcher.destroy(),
  };
};

export const refused = (status: number, reason: string, more: object = {}): Answer => ({
  status,
  body: { kind: 'Status', status: 'Failure', code: status, reason, message: `${reason} it is`, ...more },
});

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

/** Without a namespace in it, a collection is that of all namespaces. */
const collectionPattern = (path: string): RegExp => {
  if (path.includes('/namespaces/')) return new RegExp(`^${path}$`);
  const slash = path.lastIndexOf('/');
  return new RegExp(`^${path.slice(0, slash)}/namespaces/[^/]+${path.slice(slash)}$`);
};

const merge = (before: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(typeof before === 'object' && before !== null ? before : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete result[name];
    else result[name] = merge(result[name], value);
  }
  return result;
};
