// Hosts that do nothing but remember what they were told, and know what the test says.
import type { HostFacts, Hosts } from '../../controller/session/host.ts';

export interface ToldHosts extends Hosts {
  /** Name of the method, then what it was called with. */
  readonly told: readonly (readonly unknown[])[];
  /** What is known of a host from now on; undefined: it is not connected. Listeners are told. */
  set(vmUID: string, facts: HostFacts | undefined): void;
}

export const createToldHosts = (): ToldHosts => {
  const told: (readonly unknown[])[] = [];
  const known = new Map<string, HostFacts>();
  const listeners: Parameters<Hosts['onChange']>[0][] = [];
  const tell =
    (what: string, vmUID: string) =>
    async (...args: readonly unknown[]): Promise<void> =>
      void told.push([what, vmUID, ...args.filter((arg) => !(arg instanceof AbortSignal))]);
  return {
    told,
    set: (vmUID, facts) => {
      if (facts) known.set(vmUID, facts);
      else known.delete(vmUID);
      for (const listener of listeners) listener(vmUID, undefined);
    },
    open: (vmUID, machine, connect) => void told.push(['open', vmUID, machine.id, connect(machine)]),
    close: (vmUID) => void told.push(['close', vmUID]),
    get: (vmUID) => {
      const facts = known.get(vmUID);
      if (!facts) return undefined;
      return {
        facts: () => facts,
        launch: tell('launch', vmUID),
        stop: tell('stop', vmUID),
        refuse: tell('refuse', vmUID),
        setDeadline: tell('setDeadline', vmUID),
        type: tell('type', vmUID),
        clean: tell('clean', vmUID),
      };
    },
    onChange: (listener) => void listeners.push(listener),
  };
};
