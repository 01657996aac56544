// A TCP port of ours in front of a server, or in its place: keeps what clients send, and can stop forwarding without a word.
import { connect, createServer, type Socket } from 'node:net';

/** Without `to` nothing is ever answered. */
export const listen = async ({
  to,
  host = '127.0.0.1',
  port = 0,
}: {
  readonly to?: number;
  readonly host?: string;
  readonly port?: number;
}) => {
  const sent: Buffer[] = [];
  const sockets = new Set<Socket>();
  const { promise: connected, resolve: tellConnected } = Promise.withResolvers<void>();
  let frozen = false;
  let target = to;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client).on('data', (bytes) => sent.push(bytes));
    tellConnected();
    if (frozen) client.destroy();
    if (target === undefined || frozen) return;
    const there = keep(connect(target, host));
    // By hand: a pipe could not be stopped so that both ends stay open.
    client.on('data', (bytes) => !frozen && there.write(bytes)).once('close', () => !frozen && there.destroy());
    there.on('data', (bytes) => !frozen && client.write(bytes)).once('close', () => !frozen && client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    connected,
    /** All that clients have sent so far. */
    sent: (): Buffer => Buffer.concat(sent),
    /** From now on nothing passes in the connections there are, and none is closed; new ones are refused. */
    freeze: (): void => {
      frozen = true;
    },
    thaw: (): void => {
      frozen = false;
    },
    /** Where new connections lead. */
    turnTo: (another: number | undefined): void => {
      target = another;
    },
    close: async (): Promise<void> => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
