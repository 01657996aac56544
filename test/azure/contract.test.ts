// The provider contract on machines that are real sshd processes, booted from the customData that the provider sent.
import { testProvider } from '../contracts/provider.ts';
import { AFTER_BOOT, openAzureWorld, vmOf } from './provider-world.ts';

testProvider('azure', async () => {
  const { poolOf, open, close } = await openAzureWorld({ backing: 'sshd', afterBoot: AFTER_BOOT });
  const pool = poolOf('contract');
  return { pool, reopen: () => open(pool), vm: vmOf, close };
});
