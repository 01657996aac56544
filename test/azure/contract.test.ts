// The provider contract on machines that are real sshd processes, booted from the customData that the provider sent.
import { testProvider } from '../contracts/provider.ts';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { skip } from '../runner/skip.ts';
import { AFTER_BOOT, openAzureWorld, vmOf } from './provider-world.ts';

const skipped = noSSHD ?? whyNoNamespaces();
if (skipped === undefined) {
  testProvider('azure', async () => {
    const { poolOf, open, close } = await openAzureWorld({ backing: 'sshd', afterBoot: AFTER_BOOT });
    const pool = poolOf('contract');
    return { pool, reopen: () => open(pool), vm: vmOf, close };
  });
} else skip('azure: the provider contract', skipped);
