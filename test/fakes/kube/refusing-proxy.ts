// An API server that has too much to do: an HTTPS proxy in front of a real one that answers some requests with 429 and
// Retry-After, and passes on the others as the administrator's.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Kube } from './start.ts';

export interface RefusingProxy {
  /** Of a user of the proxy. */
  readonly kubeconfig: string;
  /** From 0 to 1: how many of the requests are refused. */
  share: number;
  readonly refused: number;
  close(): Promise<void>;
}

export const startRefusingProxy = async (kube: Kube, random: () => number = Math.random): Promise<RefusingProxy> => {
  const file = (name: string): Buffer => readFileSync(join(dirname(kube.kubeconfig), name));
  const agent = new Agent({ keepAlive: true, ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key') });
  let refused = 0;
  const server = createServer({ cert: file('apiserver.crt'), key: file('apiserver.key') }, (near, answer) => {
    if (random() < proxy.share) {
      refused += 1;
      near.resume();
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code: 429,
        reason: 'TooManyRequests',
        message: 'too much to do',
      };
      answer.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' }).end(JSON.stringify(status));
      return;
    }
    const options: RequestOptions = { agent, method: near.method ?? 'GET', headers: near.headers };
    const far = request(new URL(near.url ?? '/', kube.server), options, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer).on('close', () => far.destroy());
    });
    far.on('error', () => answer.destroy());
    near.pipe(far);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = `${kube.kubeconfig}.refused`;
  writeFileSync(kubeconfig, readFileSync(kube.kubeconfig, 'utf8').replace(kube.server, `https://127.0.0.1:${port}`));
  const proxy: RefusingProxy = {
    kubeconfig,
    share: 0,
    get refused() {
      return refused;
    },
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
};
