// Hosts over the local shell and the real on-VM part keep the contract.
import { randomUUID } from 'node:crypto';
import { type Behaviour, testHosts } from '../contracts/host.ts';
import { openVMWorld } from './vm-world.ts';

const SCRIPTS: Readonly<Record<Behaviour, string>> = {
  'prints hello and exits 3': 'echo hello; exit 3',
  'runs until stopped': 'sleep 1000',
  'asks, then exits 0': 'printf "Sure? "; read answer; test "$answer" = yes',
};

testHosts('over the local shell', async () => {
  const world = await openVMWorld();
  return {
    hosts: world.hosts,
    vmUID: 'vm',
    spec: (behaviour) => world.spec(randomUUID(), SCRIPTS[behaviour]),
    close: world.close,
  };
});
