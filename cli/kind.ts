// Kinds as people type them: `session`, `sessions`, `bsn`, `sessions.berth.dev`, `vmpool/default`.
import type { Kind } from '../controller/api/object.ts';
import { usageError } from './error.ts';

const NAMES: Readonly<Record<Kind, readonly string[]>> = {
  Session: ['session', 'sessions', 'bsn'],
  VMPool: ['vmpool', 'vmpools', 'bvp', 'pool', 'pools'],
  VM: ['vm', 'vms', 'bvm'],
};

const KINDS = ['Session', 'VMPool', 'VM'] as const satisfies readonly Kind[];

export const parseKind = (text: string): Kind => {
  const [word = ''] = text.toLowerCase().split('.');
  const kind = KINDS.find((known) => NAMES[known].includes(word));
  if (kind === undefined) throw usageError(`unknown kind "${text}"`, 'Kinds are session (bsn), vmpool (bvp) and vm (bvm).');
  return kind;
};

export interface Selection {
  readonly kinds: readonly Kind[];
  readonly names: readonly string[];
}

/** `KIND [NAME…]`, `KIND/NAME…` of one kind, or `berth` for the category: all kinds. */
export const parseSelection = (words: readonly string[]): Selection => {
  const [first = '', ...rest] = words;
  if (first.includes('/')) {
    const parts = words.map((word) => ({ kind: parseKind(word.slice(0, word.indexOf('/'))), name: word.slice(word.indexOf('/') + 1) }));
    const [kind, ...others] = [...new Set(parts.map((part) => part.kind))];
    if (kind === undefined || others.length > 0) throw usageError('several kinds in one call');
    return { kinds: [kind], names: parts.map((part) => part.name) };
  }
  return { kinds: first === 'berth' || first === 'all' ? KINDS : [parseKind(first)], names: rest };
};

/** `session.berth.dev/NAME`, as kubectl prints it. */
export const resourceName = (kind: Kind, name: string): string => `${kind.toLowerCase()}.berth.dev/${name}`;
