// The SSH library, in a file of its own so that it is loaded only where a connection is made. It is CommonJS: its names
// come through the default import alone.
import ssh2 from 'ssh2';

export const { Client } = ssh2;
