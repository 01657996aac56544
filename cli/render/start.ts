// `berth start`: the tutorial's progress, line by line.
import type { Session, VM } from '../../controller/api/types.generated.ts';
import { promptOf } from '../session.ts';
import { oneLine } from './text.ts';

export const starting = (count: number): string => `Starting ${count} session(s)...\n\n`;

/** Said before the first session of a VM that this start had to wait for. */
export const provisioning = (options: { readonly othersExist: boolean; readonly minutes: boolean }): string =>
  `${options.othersExist ? 'No capacity available on existing VMs.\n' : ''}Provisioning new VM...${options.minutes ? ' (this may take 4-7 minutes)' : ''}\n\n`;

export interface Block {
  readonly index: number;
  readonly count: number;
  readonly session: Pick<Session, 'spec'> & { readonly metadata: { readonly name: string } };
  /** Absent until it is known. */
  readonly vm?: { readonly name: string; readonly isNew: boolean };
}

/** The status is that of a session just placed, however soon after it runs. */
export const sessionBlock = ({ index, count, session, vm }: Block): string =>
  [
    `[${index}/${count}] ${session.metadata.name}`,
    ...(vm === undefined ? [] : [`  VM: ${vm.name} (${vm.isNew ? 'provisioning new VM' : 'reused'})`]),
    `  Prompt: ${oneLine(promptOf(session))}`,
    '  Status: pending',
    '',
    '',
  ].join('\n');

export const vmReady = (vm: VM): string => `VM ready: ${vm.metadata.name}\n`;

/** `vms`: names without repeats, in the order of first use. */
export const allStarted = (count: number, vms: readonly string[]): string =>
  count === 1 ? 'Session started on VM.\n' : `All ${count} sessions started on VM${vms.length === 1 ? '' : 's'}: ${vms.join(', ')}\n`;

export const monitorHint = (invokedAs: string, done: 'started' | 'created'): string =>
  `Sessions ${done}. Use '${invokedAs} list' to monitor.\n`;
