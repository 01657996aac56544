// ~/.amplihack/remote-state.json as `amplihack remote` writes it: its sessions by id, and its VMs by name. Two programs write it,
// one in Python and one in Rust, which lays a VM's own facts one level deeper; both are read. Pure.
import { errorMessage } from '../../controller/api/error.ts';
import { usageError } from '../error.ts';

export interface RemoteState {
  readonly sessions: readonly RemoteSession[];
  readonly vms: readonly RemoteVM[];
  /** Entries that make no sense, each with what is wrong with it. */
  readonly unreadable: readonly string[];
}

export interface RemoteSession {
  readonly id: string;
  readonly vm: string;
  readonly prompt: string;
  /** The mode: auto, ultrathink, analyze, fix. */
  readonly command: string;
  readonly maxTurns: number;
  readonly memoryMB: number;
  readonly status: string;
  readonly createdAt: string;
}

export interface RemoteVM {
  readonly name: string;
  /** An Azure SKU. */
  readonly size: string;
  readonly capacity: number;
  readonly region: string;
}

/** Throws a usage error naming the file when it is no such state as a whole. */
export const parseRemoteState = (text: string, file: string): RemoteState => {
  const state = text.trim() === '' ? {} : parseJSON(text, file);
  if (!isRecord(state)) throw usageError(`${file}: not the state of amplihack remote: no object at the top`);
  const sessions = section(state, 'sessions', file).map(([id, value]) => entry(`session ${id}`, () => sessionOf(id, value)));
  const vms = section(state, 'vm_pool', file).map(([name, value]) => entry(`VM ${name}`, () => vmOf(name, value)));
  return {
    sessions: sessions.flatMap(({ value }) => value ?? []),
    vms: vms.flatMap(({ value }) => value ?? []),
    unreadable: [...sessions, ...vms].flatMap(({ problem }) => problem ?? []),
  };
};

const parseJSON = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`${file}: not JSON: ${errorMessage(error)}`);
  }
};

const section = (state: Readonly<Record<string, unknown>>, name: string, file: string): readonly (readonly [string, unknown])[] => {
  const found = state[name] ?? {};
  if (!isRecord(found)) throw usageError(`${file}: not the state of amplihack remote: "${name}" is no object`);
  return Object.entries(found);
};

const entry = <T>(what: string, read: () => T): { readonly value?: T; readonly problem?: string } => {
  try {
    return { value: read() };
  } catch (error) {
    return { problem: `${what}: ${errorMessage(error)}` };
  }
};

const sessionOf = (id: string, value: unknown): RemoteSession => {
  const fields = fieldsOf(value);
  return {
    id,
    vm: fields.text('vm_name'),
    prompt: fields.text('prompt'),
    command: fields.text('command'),
    maxTurns: fields.count('max_turns'),
    memoryMB: fields.count('memory_mb'),
    status: fields.text('status'),
    createdAt: fields.text('created_at'),
  };
};

const vmOf = (name: string, value: unknown): RemoteVM => {
  const fields = fieldsOf(value);
  const own = isRecord(value) && isRecord(value.vm) ? fieldsOf(value.vm) : fields;
  return { name, size: own.text('size'), capacity: fields.count('capacity'), region: fields.text('region') };
};

const fieldsOf = (value: unknown) => {
  if (!isRecord(value)) throw new Error('is no object');
  const wrong = (name: string, what: string): Error =>
    new Error(value[name] === undefined ? `has no ${name}` : `${name} is ${JSON.stringify(value[name])}, not ${what}`);
  return {
    text: (name: string): string => {
      const field = value[name];
      if (typeof field !== 'string') throw wrong(name, 'a text');
      return field;
    },
    count: (name: string): number => {
      const field = value[name];
      if (typeof field !== 'number' || !Number.isInteger(field) || field < 1) throw wrong(name, 'a whole number above 0');
      return field;
    },
  };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
