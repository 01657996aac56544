// What every command shares: the options that name a store, output helpers, and how a session is looked up.
import { Command, Option } from 'clipanion';
import type { Session } from '../controller/api/types.generated.ts';
import type { Client } from '../controller/store/client.ts';
import { awaitReading, type BringUpOptions } from './bring-up.ts';
import type { Context } from './context.ts';
import { sessionNotFound, usageError } from './error.ts';
import type { Target } from './parts.ts';

/** What main.ts finds itself called when kubectl calls it. */
const PLUGIN = 'kubectl berth';

export abstract class BerthCommand extends Command<Context> {
  store = Option.String('--store', { description: 'Where resources live: dir:PATH or cluster[:CONTEXT] (BERTH_STORE)' });
  state = Option.String('--state', { description: 'State folder of a directory store' });
  kubeContext = Option.String('--context', { description: 'Kubeconfig context of a cluster store' });
  kubeconfig = Option.String('--kubeconfig', { description: 'Kubeconfig file of a cluster store (KUBECONFIG)' });
  namespace = Option.String('-n,--namespace', { description: 'Namespace; default: default' });

  /** What the store means where no namespace is named. */
  private usualNamespace = 'default';

  protected target(): Target {
    const ofCluster = this.kubeContext !== undefined ? '--context' : this.kubeconfig !== undefined ? '--kubeconfig' : undefined;
    if (ofCluster !== undefined && this.store?.startsWith('dir:'))
      throw usageError(`${ofCluster} names a cluster, but --store names a directory`);
    const named = this.store ?? (ofCluster === undefined ? this.usualStore : 'cluster');
    const store = this.kubeContext === undefined ? named : `cluster:${this.kubeContext}`;
    return {
      ...(store === undefined ? {} : { store }),
      ...(this.kubeconfig === undefined ? {} : { kubeconfig: this.kubeconfig }),
      ...(this.state === undefined ? {} : { state: this.state }),
      ...(this.namespace === undefined ? {} : { namespace: this.namespace }),
    };
  }

  /** `kubectl berth` means the cluster that kubectl does; otherwise the controller's own default holds. */
  private get usualStore(): string | undefined {
    return this.context.invokedAs === PLUGIN && !this.context.env.BERTH_STORE ? 'cluster' : undefined;
  }

  protected async client(): Promise<Client> {
    const client = await this.context.parts.openClient(this.target());
    this.usualNamespace = client.namespace ?? 'default';
    return client;
  }

  protected get inNamespace(): string {
    return this.namespace ?? this.usualNamespace;
  }

  protected out(text: string): void {
    this.context.stdout.write(text);
  }

  protected say(text: string): void {
    this.context.stderr.write(text);
  }

  /** Also one just made, which is a file until the controller has read it. */
  protected async session(controller: BringUpOptions, id: string): Promise<Session> {
    const key = { namespace: this.inNamespace, name: plainName(id) };
    const known = await controller.client.get('Session', key);
    if (known !== undefined) return known;
    await awaitReading(controller, key);
    const read = await controller.client.get('Session', key);
    if (read === undefined) throw sessionNotFound();
    return read;
  }
}

/** A command that shows resources: `--json` and `-o` choose the form. */
export abstract class ReadingCommand extends BerthCommand {
  json = Option.Boolean('--json', false, { description: 'Same as -o json' });
  format = Option.String('-o,--output', { description: 'json, yaml, name or wide' });
  allNamespaces = Option.Boolean('-A,--all-namespaces', false, { description: 'All namespaces' });

  protected get form(): Form {
    if (this.json) return 'json';
    if (this.format === undefined) return 'table';
    const form = FORMS.find((known) => known === this.format);
    if (form === undefined) throw usageError(`unknown output format "${this.format}"`, `Use one of ${FORMS.join(', ')}.`);
    return form;
  }

  protected override target(): Target {
    return { ...super.target(), ...(this.allNamespaces ? { allNamespaces: true } : {}) };
  }

  protected selects(object: { readonly metadata: { readonly namespace: string } }): boolean {
    return this.allNamespaces || object.metadata.namespace === this.inNamespace;
  }

  /** Data as JSON with two spaces, or the same as YAML. */
  protected async print(form: 'json' | 'yaml', data: unknown): Promise<void> {
    this.out(form === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : await this.context.parts.writeYAML(data));
  }
}

const FORMS = ['json', 'yaml', 'name', 'wide'] as const;
export type Form = (typeof FORMS)[number] | 'table';

/** Accepts what `-o name` prints: `session.berth.dev/NAME`. */
export const plainName = (id: string): string => id.slice(id.lastIndexOf('/') + 1);
