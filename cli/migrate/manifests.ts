// What the state of `amplihack remote` means as manifests, and, in words, what of it manifests cannot say. Pure.
import { API_VERSION } from '../../controller/api/object.ts';
import type { SessionSpec, VMPoolSpec } from '../../controller/api/types.generated.ts';
import { poolOf } from './pool.ts';
import type { RemoteSession, RemoteState, RemoteVM } from './remote-state.ts';

export interface Document {
  readonly apiVersion: string;
  readonly kind: 'Session' | 'VMPool';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: SessionSpec | VMPoolSpec;
}

export interface Migration {
  /** The pool first: sessions refer to it. */
  readonly documents: readonly Document[];
  /** What people must know, or do themselves. */
  readonly notes: readonly string[];
  /** What should have become a manifest and did not. */
  readonly leftOut: readonly string[];
}

export interface MigrationOptions {
  readonly pool: string;
  readonly namespace: string | undefined;
}

const MODES = ['auto', 'ultrathink', 'analyze', 'fix'] as const;
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const FINISHED: readonly string[] = ['completed', 'failed', 'killed'];
const MOST_CHARACTERS = 32_768;
const MOST_BYTES = 65_536;

export const migrate = (state: RemoteState, { pool, namespace }: MigrationOptions): Migration => {
  const metadata = (name: string) => ({ name, ...(namespace === undefined ? {} : { namespace }) });
  const unfinished = state.sessions.filter(({ status }) => !FINISHED.includes(status)).sort(byCreation);
  const made = poolOf(state.vms);
  const sessions = unfinished.map((session) => ({ session, problem: problemOf(session) }));
  const good = sessions.filter(({ problem }) => problem === undefined).map(({ session }) => session);
  const vmOf = ({ vm }: RemoteSession): RemoteVM | undefined => state.vms.find(({ name }) => name === vm);
  const documents: readonly Document[] = [
    ...(made.spec === undefined ? [] : [{ apiVersion: API_VERSION, kind: 'VMPool' as const, metadata: metadata(pool), spec: made.spec }]),
    ...good.map((session) => ({
      apiVersion: API_VERSION,
      kind: 'Session' as const,
      metadata: metadata(session.id),
      spec: specOf(session, pool, vmOf(session), made),
    })),
  ];
  return {
    documents,
    notes: [
      ...made.notes,
      ...poolNotes(state, made.spec, pool, good),
      ...good.flatMap((session) => sessionNotes(session, vmOf(session))),
      ...generalNotes(state, good),
    ],
    leftOut: [
      ...state.unreadable,
      ...made.leftOut,
      ...sessions.flatMap(({ session, problem }) => (problem === undefined ? [] : [`session ${session.id}: ${problem}`])),
    ],
  };
};

const specOf = (session: RemoteSession, pool: string, vm: RemoteVM | undefined, made: ReturnType<typeof poolOf>): SessionSpec => {
  const size = vm && made.sizeOf(vm);
  const region = vm && made.regionOf(vm);
  return {
    prompt: session.prompt,
    agent: 'amplihack',
    // One of the modes: a session of any other is a problem.
    mode: session.command as (typeof MODES)[number],
    maxTurns: session.maxTurns,
    poolRef: { name: pool },
    ...(size === undefined ? {} : { size }),
    ...(region === undefined ? {} : { region }),
    memoryMiB: session.memoryMB,
  };
};

const problemOf = ({ id, prompt, command, status }: RemoteSession): string | undefined => {
  if (status !== 'pending' && status !== 'running') return `its status ${JSON.stringify(status)} is not known`;
  if (!NAME.test(id)) return 'its id cannot be the name of a resource';
  if (prompt.trim() === '') return 'its prompt is empty';
  if ([...prompt].length > MOST_CHARACTERS || new TextEncoder().encode(prompt).length > MOST_BYTES)
    return `its prompt is longer than ${MOST_CHARACTERS} characters or 64 KiB`;
  return MODES.some((known) => known === command) ? undefined : `its command ${JSON.stringify(command)} is none of ${MODES.join(', ')}`;
};

const poolNotes = (
  { vms }: RemoteState,
  spec: VMPoolSpec | undefined,
  pool: string,
  sessions: readonly RemoteSession[],
): readonly string[] => {
  const machines = vms.map(({ name }) => name).join(', ');
  return [
    ...(spec === undefined && sessions.length > 0
      ? [
          `the state knows no VM to make a pool from: write VMPool ${pool} yourself, with regions and sizes, or see manifests/examples/azure-pool.yaml`,
        ]
      : []),
    ...(spec === undefined
      ? []
      : [`VMPool ${pool}: its subscription is that of the Azure login, its resource group berth-${pool}: the state names neither`]),
    ...(vms.length === 0
      ? []
      : [`the VMs there are (${machines}) cannot be taken over, and cost money until they are deleted: berth makes its own`]),
  ];
};

const sessionNotes = ({ id, status, vm }: RemoteSession, known: RemoteVM | undefined): readonly string[] => [
  ...(known === undefined ? [`session ${id}: its VM ${vm} is not in the state: it may be placed on any VM of the pool`] : []),
  ...(status === 'running' ? [`session ${id} runs on ${vm} and cannot be taken over: applied, it begins anew; end it there first`] : []),
];

const generalNotes = ({ sessions }: RemoteState, good: readonly RemoteSession[]): readonly string[] => {
  const counts = FINISHED.map((status) => [status, sessions.filter((session) => session.status === status).length] as const);
  const finished = counts.filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`);
  return [
    ...(finished.length === 0
      ? []
      : [`sessions that have finished are not written, for applied they would run again: ${finished.join(', ')}`]),
    ...(good.length === 0
      ? []
      : [
          'the state does not say which repository a session works on: set spec.source, or the workspace is empty',
          'the state holds no credentials: store them with `berth secret set`, and name them in spec.env',
        ]),
  ];
};

const byCreation = (a: RemoteSession, b: RemoteSession): number => compare(a.createdAt, b.createdAt) || compare(a.id, b.id);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
