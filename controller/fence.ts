// Asks "may I still act?" right before each effect of the operator: on the store, on machines, on what runs on them, on
// stored output. Whoever was frozen past its lease and goes on is stopped here; one effect under way is harmless by design.
import { OperatorError } from './api/error.ts';
import type { LogStore } from './output/log-store.ts';
import type { Provider } from './provider/provider.ts';
import type { ProviderModules } from './provider/providers.ts';
import type { Host, Hosts } from './session/host.ts';
import type { Store } from './store/store.ts';

export interface Fence {
  store(store: Store): Store;
  providers(modules: ProviderModules): ProviderModules;
  hosts(hosts: Hosts): Hosts;
  logs(logs: LogStore): LogStore;
}

export const createFence = (mayAct: () => boolean): Fence => {
  const guard: Guard =
    (effect) =>
    async (...args) => {
      if (!mayAct()) throw new OperatorError('unavailable', 'not done: this controller cannot be sure to lead any more');
      return effect(...args);
    };
  return {
    store: (store) => fenceStore(store, guard),
    providers: (modules) =>
      new Map([...modules].map(([type, module]) => [type, { type, open: (pool) => fenceProvider(module.open(pool), guard) }])),
    hosts: (hosts) => fenceHosts(hosts, guard),
    logs: (logs) => ({ ...logs, begin: guard(logs.begin), append: guard(logs.append), skip: guard(logs.skip), remove: guard(logs.remove) }),
  };
};

type Guard = <A extends unknown[], R>(effect: (...args: A) => Promise<R>) => (...args: A) => Promise<R>;

const fenceStore = (store: Store, guard: Guard): Store => ({
  ...store,
  create: (kind, object) => guard(() => store.create(kind, object))(),
  patchStatus: (kind, at, status) => guard(() => store.patchStatus(kind, at, status))(),
  patchFinalizers: (kind, at, finalizers) => guard(() => store.patchFinalizers(kind, at, finalizers))(),
  delete: guard(store.delete),
});

const fenceProvider = (provider: Provider, guard: Guard): Provider => ({
  list: (...args) => provider.list(...args),
  create: guard((...args) => provider.create(...args)),
  delete: guard((...args) => provider.delete(...args)),
  ...(provider.start && { start: guard(provider.start) }),
  connect: (machine) => provider.connect(machine),
  offerings: (pool) => provider.offerings(pool),
  ...(provider.hostKey && { hostKey: provider.hostKey }),
  ...(provider.conditions && { conditions: provider.conditions }),
  ...(provider.sweep && { sweep: guard(provider.sweep) }),
  ...(provider.release && { release: guard(provider.release) }),
});

const fenceHosts = (hosts: Hosts, guard: Guard): Hosts => ({
  open: (...args) => hosts.open(...args),
  close: (vmUID) => hosts.close(vmUID),
  get: (vmUID) => {
    const host = hosts.get(vmUID);
    return host && fenceHost(host, guard);
  },
  onChange: (listener) => hosts.onChange(listener),
});

const fenceHost = (host: Host, guard: Guard): Host => ({
  facts: () => host.facts(),
  launch: guard((...args) => host.launch(...args)),
  stop: guard((...args) => host.stop(...args)),
  refuse: guard((...args) => host.refuse(...args)),
  setDeadline: guard((...args) => host.setDeadline(...args)),
  type: guard((...args) => host.type(...args)),
  clean: guard((...args) => host.clean(...args)),
});
