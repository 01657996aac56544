// The contract of a store as people's commands see it: reading, applying manifests, and verbs. It works whether or not
// a controller runs, and never writes what the controller owns.
import type { Kind, Kinds, ObjectKey } from '../api/object.ts';
import type { LogReader } from '../output/log-store.ts';
import type { Change } from './store.ts';

export interface Client {
  /** Meant where none is named; `default` unless set. */
  readonly namespace?: string;
  /** The controller is installed, not brought up by commands: a cluster's. */
  readonly isInstalled?: boolean;
  /** `brief`: what no list of sessions shows may be left out, which is faster for thousands. */
  list<K extends Kind>(kind: K, options?: { readonly brief?: boolean }): Promise<readonly Kinds[K][]>;
  get<K extends Kind>(kind: K, key: ObjectKey): Promise<Kinds[K] | undefined>;
  /** As Store.watch: everything, `synced`, then changes without polling delay. */
  watch<K extends Kind>(kind: K, signal: AbortSignal): AsyncIterable<Change<K>>;

  /**
   * Writes user objects (Session, VMPool) so that the store takes them up. Throws OperatorError('invalid') naming file,
   * line and column where the document is wrong, and where the name is defined elsewhere.
   */
  apply(manifests: readonly Manifest[]): Promise<readonly Applied[]>;
  /** A merge patch of spec: the one way in which a verb (kill, send, cordon, prime) acts. Accepted durably on return. */
  patchSpec<K extends Kind>(kind: K, key: ObjectKey, patch: Readonly<Record<string, unknown>>): Promise<void>;
  /** Requests deletion. Throws OperatorError('denied') for an object that a file of the user's still defines. */
  delete(kind: Kind, key: ObjectKey, options?: { readonly now?: boolean }): Promise<void>;
  /** Lets a held-back mass deletion through. */
  confirmPrune(): Promise<void>;

  log(session: Kinds['Session']): LogReader;
  events(): Promise<readonly StoredEvent[]>;
  /** What of the user's input could not be taken, newest scan. */
  problems(): Promise<readonly Problem[]>;

  secrets(): Promise<readonly { readonly namespace: string; readonly name: string; readonly keys: readonly string[] }[]>;
  setSecret(key: ObjectKey, data: Readonly<Record<string, string>>): Promise<void>;
  deleteSecret(key: ObjectKey): Promise<boolean>;

  /** The controller that holds this store now; undefined when none does. */
  holder(): Promise<Holder | undefined>;
}

/** A parsed document and where it came from, for messages. */
export interface Manifest {
  readonly document: unknown;
  readonly origin: string;
  /** Where a field of it (`spec.size`) is written, as `origin` says where it begins; absent where it is in no file. */
  readonly locate?: (path: string) => string;
}

export interface Applied {
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly change: 'created' | 'configured' | 'unchanged';
  readonly path?: string;
}

export interface StoredEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `File`: one that could not be taken and defines no single object; its path is the name. */
  readonly kind: Kind | 'File';
  readonly namespace: string;
  readonly name: string;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly count: number;
}

export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  /** Worth saying, but nothing is wrong. */
  readonly isNotice?: true;
}

export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly startTime: string;
  readonly command: string;
  /** When it had looked at every VM with something unfinished on it; absent until then. */
  readonly lookedTime?: string;
}
