// When a controller that just started has looked at every VM with something unfinished on it, and written down what ended
// meanwhile: until then what commands show is from before.
import { isTrue } from './api/condition.ts';
import type { Session } from './api/types.generated.ts';
import type { Informers } from './operator.ts';
import { type Hosts, runKey } from './session/host.ts';

/** Resolves at that moment, or never when the signal comes first. */
export const firstLook = async ({ Session: sessions }: Informers, hosts: Hosts, signal: AbortSignal): Promise<void> => {
  await sessions.whenSynced;
  const { promise, resolve } = Promise.withResolvers<void>();
  let isDone = false;
  const look = (): void => {
    if (isDone || signal.aborted || !sessions.list().every((session) => isLooked(session, hosts))) return;
    isDone = true;
    stop();
    resolve();
  };
  const stop = sessions.onChange(look);
  hosts.onChange(look);
  look();
  return promise;
};

const isLooked = ({ metadata, status }: Session, hosts: Hosts): boolean => {
  if (status?.vm === undefined || isTrue(status.conditions, 'Finished')) return true;
  const facts = hosts.get(status.vm.uid)?.facts();
  if (facts === undefined || facts.state === 'connecting') return false;
  const run = facts.runs.get(runKey({ uid: metadata.uid, attempt: status.attempt ?? 1 }));
  // What has ended is written down once its output is here.
  return facts.state === 'unreachable' || run?.state !== 'ended';
};
