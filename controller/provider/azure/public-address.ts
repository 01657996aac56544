// The address that this machine is seen with from outside, as a name server that tells everybody theirs answers it.
import { Resolver } from 'node:dns/promises';
import { OperatorError } from '../../api/error.ts';

/** OpenDNS; the other is asked where the first does not answer. */
const SERVERS = ['208.67.222.222', '208.67.220.220'];
const NAME = 'myip.opendns.com';

export const publicAddress = async (): Promise<string> => {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  resolver.setServers(SERVERS);
  try {
    const [address] = await resolver.resolve4(NAME);
    if (address !== undefined) return address;
  } catch {
    // told below, with what to do about it
  }
  throw new OperatorError(
    'unavailable',
    'the address that this controller is seen with could not be found out: set azure.network.allowSSHFrom to the ranges that may reach the machines by SSH',
  );
};
