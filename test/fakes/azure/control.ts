// The control API: what a test, or a person with curl, tells the fake and asks it. Plain HTTP on the loopback.
import type { Answer } from './azure.ts';
import type { VirtualMachine } from './backing/backing.ts';
import { billOf } from './billing.ts';
import { type ChaosProfile, MILD, startChaos } from './chaos.ts';
import { type Directive, machineNamed, machines, obey } from './directives.ts';
import { issue } from './entra.ts';
import type { Fake } from './fake.ts';
import type { Rule } from './faults.ts';
import { dig, isObject, object, text } from './json.ts';
import type { RequestLog } from './request-log.ts';
import { show } from './resources/store.ts';
import { reachableAddress } from './vm-power.ts';
import { type Durations, readWorld, type World, writeWorld } from './world.ts';

export interface Settings {
  readonly speed?: number;
  readonly rate?: number;
  readonly durations?: Partial<Durations>;
  readonly pageSize?: number;
  readonly retryAfter?: { readonly initial?: number; readonly poll?: number };
  readonly operationTTL?: number;
  readonly throttling?: boolean;
}

export interface MachineState {
  readonly name: string;
  readonly id: string;
  readonly vmId: string;
  readonly region: string;
  readonly size: string;
  readonly power: string;
  readonly provisioningState: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly address: string | undefined;
  readonly endpoint: { readonly host: string; readonly port: number } | undefined;
}

export interface ControlParts {
  readonly fake: Fake;
  readonly log: RequestLog;
  readonly restore: (world: World) => Promise<void>;
}

type Route = (parts: ControlParts, query: URLSearchParams, body: unknown) => unknown;

const ROUTES: Readonly<Record<string, Route>> = {
  'GET token': ({ fake }) => ({ token: issue(fake, 'control') }),
  'GET requests': ({ log }, query) => log.after(Number(query.get('after') ?? 0)),
  'GET bill': ({ fake }) => billOf(fake.world, fake.clock.now()),
  'GET resources': ({ fake }) => [...fake.world.resources.values()].map(show),
  'GET operations': ({ fake }) => [...fake.world.operations.values()],
  'GET vms': ({ fake }) => machines(fake).map((vm) => machineState(fake, vm)),
  'GET endpoints': ({ fake }) => Object.fromEntries(machines(fake).flatMap((vm) => endpointRow(fake, vm))),
  'GET clock': ({ fake }) => ({ now: fake.clock.now(), rate: fake.clock.rate(), speed: fake.world.speed }),
  'POST clock': async ({ fake }, _, body) => {
    const ms = dig(body, 'advanceMs');
    if (typeof ms !== 'number' || !(ms >= 0)) throw new Error('advanceMs has to be a number of milliseconds');
    await fake.advance(ms);
    return { now: fake.clock.now() };
  },
  'POST settings': ({ fake }, _, body) => apply(fake, object(body)),
  'POST rules': ({ fake }, _, body) => ({ id: addRule(fake, body) }),
  'DELETE rules': ({ fake }) => void fake.world.faults.rules.splice(0),
  'POST tell': async ({ fake }, _, body) => {
    if (!isObject(body) || typeof body.kind !== 'string') throw new Error('a directive has a kind');
    await obey(fake, body as unknown as Directive);
  },
  'POST chaos': ({ fake }, _, body) => {
    const { seed, profile, forMs } = object(body);
    startChaos(fake, Number(seed ?? 1), isObject(profile) ? (profile as ChaosProfile) : MILD, Number(forMs ?? 60_000));
  },
  'POST exec': async ({ fake }, _, body) => {
    const { vm, argv, input } = object(body);
    if (!Array.isArray(argv)) throw new Error('argv is a list of words');
    const ran = fake.backing.run(machineNamed(fake, String(vm)).machine.vmId, argv.map(String), text(input));
    if (!ran) throw new Error(`nothing runs behind ${String(vm)}: start the fake with a backing`);
    return ran;
  },
  'GET snapshot': ({ fake }) => JSON.parse(writeWorld(fake.world)),
  'PUT snapshot': ({ restore }, _, body) => restore(readWorld(JSON.stringify(body))),
};

/** Undefined: the path is not of the control API. */
export const control = async (parts: ControlParts, method: string, url: URL, body: unknown): Promise<Answer | undefined> => {
  const name = /^\/__control\/(\w+)$/.exec(url.pathname)?.[1];
  if (name === undefined) return undefined;
  const route = ROUTES[`${method} ${name}`];
  if (!route) return { status: 404, body: { error: `no ${method} ${name}: there are ${Object.keys(ROUTES).join(', ')}` } };
  try {
    return { status: 200, body: (await route(parts, url.searchParams, body)) ?? {} };
  } catch (error) {
    return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
  }
};

const apply = ({ world, clock, timers }: Fake, body: Settings): void => {
  if (body.rate !== undefined) clock.setRate(body.rate);
  if (body.speed !== undefined) world.speed = body.speed;
  if (body.durations) Object.assign(world.durations, body.durations);
  if (body.pageSize !== undefined) world.pageSize = body.pageSize;
  if (body.retryAfter) world.retryAfter = { ...body.retryAfter };
  if (body.operationTTL !== undefined) world.operationTTL = body.operationTTL;
  if (body.throttling !== undefined) world.throttling = body.throttling;
  timers.run();
};

const addRule = ({ world, clock }: Fake, body: unknown): number => {
  const { match, fault, times } = object(body);
  if (!isObject(fault) || typeof fault.kind !== 'string') throw new Error('a rule has a match and a fault with a kind');
  const id = ++world.serial;
  const rule = { match: object(match), fault, ...(typeof times === 'number' ? { times } : {}) } as unknown as Rule;
  world.faults.rules.push({ ...rule, id, seen: 0, fired: 0, since: clock.now() });
  return id;
};

const machineState = (fake: Fake, vm: VirtualMachine): MachineState => {
  return {
    name: vm.name,
    id: vm.id,
    vmId: vm.machine.vmId,
    region: vm.location,
    size: vm.machine.size,
    power: vm.machine.power,
    provisioningState: String(vm.properties.provisioningState),
    tags: vm.tags,
    address: reachableAddress(fake, vm),
    endpoint: fake.backing.endpoint(vm.machine.vmId),
  };
};

const endpointRow = (fake: Fake, vm: VirtualMachine): readonly (readonly [string, object])[] => {
  const { address, endpoint } = machineState(fake, vm);
  return address === undefined || endpoint === undefined ? [] : [[address, endpoint]];
};
