// `berth list`: the tutorial's table and JSON.
import { parseTime } from '../../controller/api/clock.ts';
import { keyString } from '../../controller/api/object.ts';
import type { Session } from '../../controller/api/types.generated.ts';
import { awaitsInput, lastSeen, promptOf, reasonOf, statusOf } from '../session.ts';
import { age, type Column, cut, oneLine, table } from './text.ts';

export interface ListOptions {
  readonly now: number;
  readonly verbose: boolean;
  readonly allNamespaces: boolean;
  /** Whether a controller runs that has looked at every VM: what a row says is from before otherwise. */
  readonly looked: boolean;
}

const VM_CUT = 28;
const PROMPT_CUT = 21;

/** Widths are the tutorial's; a column grows only for what may not be cut. */
export const listTable = (sessions: readonly Session[], options: ListOptions): string => {
  const { verbose, allNamespaces } = options;
  const columns: readonly Column[] = [
    ...(allNamespaces ? [{ title: 'NAMESPACE', gap: 2 }] : []),
    { title: 'SESSION', width: 27, gap: 2 },
    { title: 'VM', width: 32, gap: verbose ? 2 : 1 },
    { title: 'STATUS', width: 10, gap: 2 },
    { title: 'AGE', width: 8, gap: 2 },
    ...(verbose
      ? [
          { title: 'POOL', gap: 2 },
          { title: 'REASON', gap: 2 },
        ]
      : []),
    { title: 'PROMPT' },
  ];
  return table(
    columns,
    sessions.map((session) => row(session, options)),
  );
};

const row = (session: Session, { now, verbose, allNamespaces, looked }: ListOptions): readonly string[] => {
  const { metadata, spec, status } = session;
  const vm = status?.vm?.name ?? '';
  const prompt = oneLine(promptOf(session));
  const seen = lastSeen(session, looked);
  return [
    ...(allNamespaces ? [metadata.namespace] : []),
    metadata.name,
    verbose ? vm : cut(vm, VM_CUT),
    statusOf(session),
    age(metadata.creationTimestamp, now),
    ...(verbose ? [spec.poolRef?.name ?? 'default', reasonOf(session)?.reason ?? ''] : []),
    `${verbose ? prompt : cut(prompt, PROMPT_CUT)}${seen === undefined ? '' : ` (as of ${seen})`}`,
  ];
};

export interface ListItem {
  readonly session_id: string;
  readonly vm_name: string;
  readonly status: string;
  readonly prompt: string;
  readonly created_at: string;
  readonly age_minutes: number;
  readonly awaiting_input: boolean;
  readonly reason?: string;
  readonly queue_position?: number;
}

export const listJSON = (
  sessions: readonly Session[],
  positions: ReadonlyMap<string, number>,
  now: number,
): { readonly sessions: readonly ListItem[] } => ({
  sessions: sessions.map((session) => {
    const reason = reasonOf(session)?.reason;
    const position = positions.get(keyString(session.metadata));
    return {
      session_id: session.metadata.name,
      vm_name: session.status?.vm?.name ?? '',
      status: statusOf(session),
      prompt: promptOf(session),
      created_at: session.metadata.creationTimestamp,
      age_minutes: Math.max(0, Math.floor((now - parseTime(session.metadata.creationTimestamp)) / 60_000)),
      awaiting_input: awaitsInput(session),
      ...(reason === undefined ? {} : { reason }),
      ...(position === undefined ? {} : { queue_position: position }),
    };
  }),
});
