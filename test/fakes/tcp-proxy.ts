// What lies between us and a server: a TCP proxy that cuts connections, or goes silent without closing them.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  readonly open: number;
  /** Resets every connection there is. */
  cut(): void;
  /** Nothing passes any more, in either direction, and nobody is told; new connections are accepted and get nothing. */
  freeze(): void;
  /** New connections pass again; those that froze never do. */
  thaw(): void;
  close(): Promise<void>;
}

export const startTcpProxy = async (target: number): Promise<TcpProxy> => {
  const sockets = new Set<Socket>();
  const behind = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((near) => {
    sockets.add(near);
    near.on('close', () => sockets.delete(near)).on('error', () => undefined);
    if (isFrozen) return;
    const far = connect(target, '127.0.0.1');
    behind.add(far);
    far.on('error', () => near.resetAndDestroy());
    far.on('close', () => {
      behind.delete(far);
      near.destroy();
    });
    near.on('close', () => far.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size;
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze: () => {
      isFrozen = true;
      for (const socket of [...sockets, ...behind]) socket.unpipe().pause();
    },
    thaw: () => {
      isFrozen = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
