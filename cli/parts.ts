// The parts of Berth that commands drive, as they see them. Each is loaded only by the command that needs it, and
// tests put others in their place.
import type { Kind, ObjectKey } from '../controller/api/object.ts';
import type { Session } from '../controller/api/types.generated.ts';
import type { Client, Manifest, Problem } from '../controller/store/client.ts';
import type { Explanation } from '../controller/store/schema/explain.ts';

/** As given on the command line; what is absent comes from the environment. */
export interface Target {
  readonly store?: string;
  readonly state?: string;
  /** A file; as kubectl finds it when unset. */
  readonly kubeconfig?: string;
  /** Of a cluster: what is read lies in this namespace (unset: the context's), or in all of them. */
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

export interface Parts {
  openClient(target: Target): Promise<Client>;
  /** Runs a controller in this process until it is told to stop. */
  runController(options: Target & ControllerOptions): Promise<void>;
  /** Starts a controller in the background that outlives us; resolves once the process exists. */
  spawnController(target: Target): Promise<{ readonly pid: number; readonly log: string }>;
  /** Whether there are sessions in files that no controller has seen yet; of a key: whether that one is. */
  hasUnread(target: Target, key?: ObjectKey): Promise<boolean>;
  plan(target: Target): Promise<Plan>;
  /** Joins our terminal to the session's, until it ends or we detach; the exit code of what showed it. */
  attach(target: Target, session: Session): Promise<number>;
  /** Data as YAML that every reader reads alike. */
  writeYAML(data: unknown): Promise<string>;
  /** The documents of a file, of a directory, or of standard input (`-`). */
  readManifests(path: string, stdin: AsyncIterable<Uint8Array | string>): Promise<readonly Manifest[]>;
  /** What a store would refuse in these files, without one. */
  validate(paths: readonly string[], stdin: AsyncIterable<Uint8Array | string>): Promise<Validation>;
  /** The documentation of a field (`spec.env`, empty for the kind itself); undefined when there is no such field. */
  explain(kind: Kind, path: string): Promise<Explanation | undefined>;
}

export interface ControllerOptions {
  readonly writeStatus?: string;
  /** Milliseconds. */
  readonly retentionMs?: number;
  readonly httpAddress?: string;
  /** In a cluster: where whole logs are served. */
  readonly logApi?: string;
  /** Local pools in a cluster, where they mean the controller's own machine. */
  readonly allowLocal?: boolean;
}

export interface Validation {
  readonly documents: number;
  readonly problems: readonly Problem[];
}

export interface Plan {
  readonly pools: readonly PoolPlan[];
}

export interface PoolPlan {
  readonly pool: ObjectKey;
  readonly actions: readonly {
    readonly do: string;
    /** What it is done to. */
    readonly on: string;
    readonly because: string;
    readonly hourlyUSD?: string;
  }[];
  readonly waiting: readonly { readonly session: string; readonly reason: string; readonly message: string; readonly position: number }[];
  /** What the pool can be given now, in order of preference. */
  readonly offers: readonly Offer[];
}

export interface Offer {
  readonly size: string;
  readonly sku: string;
  readonly region: string;
  readonly available: boolean;
  readonly hourlyUSD?: string;
  readonly room?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly retryTime?: string;
}
