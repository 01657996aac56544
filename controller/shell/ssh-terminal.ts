// Somebody's terminal, joined to a program on another machine: keys go there as they are, and the window's size with them.
import type { Client, ClientChannel } from 'ssh2';
import { OperatorError } from '../api/error.ts';
import type { UserTerminal } from './shell.ts';
import { endOf } from './ssh-channel.ts';

/** Ends with the program; returns its exit code. A connection that is lost is `unavailable`. */
export const converse = async (client: Client, command: string, terminal: UserTerminal): Promise<number> => {
  const { input, output } = terminal;
  const channel = await open(client, command, terminal);
  const resize = () => channel.setWindow(output.rows, output.columns, 0, 0);
  input.setRawMode(true);
  output.on('resize', resize);
  input.pipe(channel);
  channel.pipe(output, { end: false });
  try {
    return await exitCode(channel);
  } finally {
    output.off('resize', resize);
    input.unpipe(channel);
    input.setRawMode(false);
    input.pause();
  }
};

const open = (client: Client, command: string, { output, type }: UserTerminal): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    client.exec(command, { pty: { term: type, rows: output.rows, cols: output.columns } }, (cause, channel) => {
      if (cause) reject(new OperatorError('unavailable', `the VM gives no terminal: ${cause.message}`, { cause }));
      else resolve(channel);
    });
  });

const exitCode = (channel: ClientChannel): Promise<number> =>
  new Promise((resolve, reject) => {
    channel.on('error', () => undefined);
    endOf(channel, (code) => {
      if (code === undefined) reject(new OperatorError('unavailable', 'the connection to the VM was lost; what runs there goes on'));
      else resolve(code);
    });
  });
