// `berth attach`: from a session's resource to a terminal on its VM, by the provider's own way in. Needs no controller.
import { OperatorError } from './api/error.ts';
import type { Session } from './api/types.generated.ts';
import { createProviders, type ProviderModules } from './provider/providers.ts';
import { attachRun } from './session/attach-run.ts';
import type { UserTerminal } from './shell/shell.ts';
import type { Client } from './store/client.ts';

export const attach = async (client: Client, modules: ProviderModules, session: Session, terminal: UserTerminal): Promise<number> => {
  const { namespace, name, uid } = session.metadata;
  const { vm: placed, attempt = 1 } = session.status ?? {};
  const vm = placed && (await client.get('VM', { namespace, name: placed.name }));
  const pool = vm && (await client.get('VMPool', { namespace, name: vm.spec.poolRef.name }));
  if (!pool || vm.metadata.uid !== placed?.uid || vm.status?.providerID === undefined)
    throw new OperatorError('unavailable', `session ${name} is on no VM that can be reached`);
  const { providerID: id, createdTime = '', region = '', address, hostKey } = vm.status;
  const where = { ...(address === undefined ? {} : { address }), ...(hostKey === undefined ? {} : { hostKey }) };
  const machine = { id, vmUID: vm.metadata.uid, state: 'running', createdTime, region, ...where } as const;
  const shell = createProviders(modules).of(pool).connect(machine);
  try {
    return await attachRun(shell, { uid, attempt }, terminal);
  } finally {
    shell.close();
  }
};
