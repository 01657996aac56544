// The two listeners: Azure by https, the control API by http, both on the loopback.
import { createServer as createHTTP, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHTTPS } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Handled, handle } from './arm.ts';
import type { Answer } from './azure.ts';
import type { Backing } from './backing/backing.ts';
import type { Certificates } from './certificates.ts';
import { control } from './control.ts';
import { machines } from './directives.ts';
import { signIn } from './entra.ts';
import { createFake, type Fake, reviveMachines } from './fake.ts';
import { metadata } from './imds.ts';
import { dig, text } from './json.ts';
import { retailPrices } from './prices.ts';
import { createRequestLog, type RequestLog, redacted } from './request-log.ts';
import { createStateFile, type StateFile } from './state-file.ts';
import { powerDown } from './vm-power.ts';
import type { World } from './world.ts';

export interface ServerOptions {
  readonly world: World;
  /** Told where the fake listens, and what to call when a machine shut itself down. */
  readonly backing: (place: Place) => Promise<Backing>;
  readonly certificates: Certificates;
  readonly port: number;
  readonly controlPort: number;
  readonly stateFile: string | undefined;
}

export interface Place {
  readonly url: string;
  readonly controlURL: string;
  readonly onOff: (vmId: string) => void;
}

export interface Listening {
  /** `https://127.0.0.1:port` */
  readonly url: string;
  /** `http://127.0.0.1:port` */
  readonly controlURL: string;
  close(): Promise<void>;
}

interface Parts {
  fake: Fake;
  readonly log: RequestLog;
  readonly state: StateFile;
}

export const listen = async ({
  world,
  backing: makeBacking,
  certificates,
  port,
  controlPort,
  stateFile,
}: ServerOptions): Promise<Listening> => {
  const log = createRequestLog();
  const state = createStateFile(stateFile, () => parts?.fake.world ?? world);
  let parts: Parts | undefined;
  let begin = (_: Parts): void => {};
  /** Whoever asks early waits for the machines to be back. */
  const ready = new Promise<Parts>((resolve) => {
    begin = resolve;
  });
  const https = createHTTPS({ cert: certificates.cert, key: certificates.key }, (request, response) => {
    void ready.then((parts) => answerAzure(parts, request, response));
  });
  const http = createHTTP((request, response) => void ready.then((parts) => answerControl(parts, restore, request, response)));
  const url = `https://127.0.0.1:${await opened(https, port)}`;
  const controlURL = `http://127.0.0.1:${await opened(http, controlPort)}`;
  const onOff = (vmId: string): void => {
    const vm = parts && machines(parts.fake).find(({ machine }) => machine.vmId === vmId);
    if (parts && vm?.machine.power === 'running') powerDown(parts.fake, vm, 'stopped');
  };
  const backing = await makeBacking({ url, controlURL, onOff });
  const restore = async (next: World): Promise<void> => {
    parts?.fake.timers.close();
    const fake = createFake(next, backing);
    parts = Object.assign(parts ?? { log, state, fake }, { fake });
    await reviveMachines(fake);
    fake.timers.run();
  };
  await restore(world);
  if (parts) begin(parts);
  return {
    url,
    controlURL,
    close: async () => {
      parts?.fake.timers.close();
      for (const server of [https, http]) {
        server.closeAllConnections();
        server.close();
      }
      await state.save();
      await backing.close();
    },
  };
};

// Longer than any client keeps a connection that it does not use: none is closed just as it is used again.
const KEEP_ALIVE_MS = 120_000;

const opened = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    Object.assign(server, { keepAliveTimeout: KEEP_ALIVE_MS });
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

const answerAzure = async (parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const base = `https://${request.headers.host}`;
  // By id the SDKs ask with two slashes at the start.
  const url = new URL(`${base}${request.url ?? '/'}`);
  const { json, raw } = await bodyOf(request);
  const { fake } = parts;
  fake.timers.run();
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const method = request.method ?? 'GET';
  try {
    const asked = { method, url, base, headers, body: json };
    const arm = (await handle(fake, asked)) ?? retailPrices(fake, asked);
    if (method !== 'GET') await parts.state.save();
    if (!arm) return send(request, response, signIn(fake, base, url.pathname, new URLSearchParams(raw)) ?? bootLog(fake, url) ?? NOWHERE);
    logged(parts, { method, url, headers, json }, arm);
    await transport(request, response, arm);
  } catch (error) {
    process.stderr.write(`fake-azure: ${method} ${url.pathname}: ${error instanceof Error ? error.stack : String(error)}\n`);
    send(request, response, { status: 500, body: { error: { code: 'FakeIsBroken', message: String(error) } } });
  }
};

const NOWHERE: Answer = { status: 404, body: { error: { code: 'NotFound', message: 'The fake knows nothing of this path.' } } };

const transport = async (request: IncomingMessage, response: ServerResponse, arm: Handled): Promise<void> => {
  const { latency, transport: fault } = arm.verdict;
  if (latency > 0) await delay(latency);
  switch (fault) {
    case 'hang':
      return;
    case 'dropBefore':
    case 'dropAfter':
      request.socket.destroy();
      return;
    case 'badJson':
      return send(request, response, { ...arm, body: undefined }, '{"this is": not json');
    case 'truncateBody': {
      const whole = JSON.stringify(arm.body ?? {});
      response.writeHead(arm.status, { ...arm.headers, 'Content-Type': 'application/json', 'Content-Length': whole.length });
      response.write(whole.slice(0, whole.length / 2), () => request.socket.destroy());
      return;
    }
    default:
      return send(request, response, arm);
  }
};

const send = (request: IncomingMessage, response: ServerResponse, { status, body, headers = {} }: Answer, raw?: string): void => {
  const whole = raw ?? (body === undefined ? '' : JSON.stringify(body));
  if (whole === '') return void response.writeHead(status, { ...headers, 'Content-Length': '0' }).end();
  const zipped = /gzip/.test(String(request.headers['accept-encoding'])) && whole.length > 1_000;
  const bytes = zipped ? gzipSync(whole, { level: 1 }) : Buffer.from(whole);
  response
    .writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': bytes.length,
      ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
      ...headers,
    })
    .end(bytes);
};

const logged = (
  { fake, log }: Parts,
  request: { method: string; url: URL; headers: Readonly<Record<string, string>>; json: unknown },
  arm: Handled,
): void => {
  const { authorization, ...headers } = request.headers;
  const by = fake.world.tokens.get(authorization?.replace('Bearer ', '') ?? '')?.principal;
  const code = text(dig(arm.body, 'error', 'code')) ?? (arm.status >= 400 ? text(dig(arm.body, 'code')) : undefined);
  const retryAfter = arm.headers['Retry-After'];
  const dropped = arm.verdict.transport !== undefined && ['hang', 'dropBefore', 'dropAfter'].includes(arm.verdict.transport);
  log.add({
    at: fake.clock.now(),
    real: Date.now(),
    method: request.method,
    path: request.url.pathname,
    query: request.url.search,
    headers,
    ...(by === undefined ? {} : { by }),
    ...(request.json === undefined ? {} : { body: redacted(request.json) }),
    status: dropped ? 0 : arm.status,
    ...(code === undefined ? {} : { code }),
    ...(retryAfter === undefined ? {} : { retryAfter: Number(retryAfter) }),
    answerHeaders: arm.headers,
    // Lists would fill the memory.
    ...(request.method === 'GET' ? {} : { answer: arm.body }),
  });
};

const bootLog = (fake: Fake, url: URL): Answer | undefined => {
  const vmId = /^\/bootdiag\/([^/]+)\/serialconsole\.log$/.exec(url.pathname)?.[1];
  if (vmId === undefined) return undefined;
  const vm = [...fake.world.resources.values()].find(({ machine }) => machine?.vmId === vmId);
  return vm?.machine ? { status: 200, body: vm.machine.serialLog.join('\n') } : NOWHERE;
};

const answerControl = async (
  parts: Parts,
  restore: (world: World) => Promise<void>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://control');
  const { json } = await bodyOf(request);
  parts.fake.timers.run();
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const answer =
    metadata(parts.fake, url.pathname, headers) ??
    (await control({ fake: parts.fake, log: parts.log, restore }, request.method ?? 'GET', url, json)) ??
    NOWHERE;
  if (request.method !== 'GET') await parts.state.save();
  send(request, response, answer);
};

const bodyOf = async (request: IncomingMessage): Promise<{ readonly json: unknown; readonly raw: string }> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks).toString('utf8');
  try {
    return { json: raw === '' ? undefined : JSON.parse(raw), raw };
  } catch {
    return { json: undefined, raw };
  }
};
