// `start`: makes sessions, applies them, and tells how they get their VMs until all run.
import { Option } from 'clipanion';
import { keyOf, keyString } from '../../controller/api/object.ts';
import type { SessionSpec, VM } from '../../controller/api/types.generated.ts';
import type { Client } from '../../controller/store/client.ts';
import { ReadingCommand } from '../base.ts';
import { type BringUpOptions, bringUp, keepUp } from '../bring-up.ts';
import { CliError, EXIT, usageError } from '../error.ts';
import { liveLine } from '../live-line.ts';
import { queuePositions } from '../queue.ts';
import { listJSON } from '../render/list.ts';
import { quotaError } from '../render/quota.ts';
import { monitorHint, sessionBlock, starting } from '../render/start.ts';
import { hasRun, isFinished, poolOf, statusOf } from '../session.ts';
import { agentSecretName, agentVariables, type EnvEntry, secretEntries } from '../start/agent-env.ts';
import { parseEnv, parseEnvFromSecret } from '../start/env.ts';
import { fromDocuments, manifests, type SessionManifest, tasks } from '../start/manifests.ts';
import { sessionNames } from '../start/names.ts';
import { specOf } from '../start/options.ts';
import { parseRepo } from '../start/source.ts';
import { QuotaRefused, waitingFor, watchStart } from '../start/watch-start.ts';
import { type World, waitUntil } from '../world.ts';

export class StartCommand extends ReadingCommand {
  static override paths = [['start']];
  static override usage = {
    description: 'Start sessions: one for each prompt, or one for a command after --',
    examples: [
      ['Two agents side by side', '$0 start "implement user authentication" "add pagination to API"'] as [string, string],
      ['A command instead of an agent', '$0 start --repo https://example.com/app.git -- make test'] as [string, string],
    ],
  };

  file = Option.String('-f,--file', { description: 'Session manifests to start, instead of prompts' });
  size = Option.String('--size,--vm-size', { description: 'Size of VM: s, m, l or xl' });
  region = Option.String('--region', { description: 'Region; default: any of the pool' });
  maxTurns = Option.String('--max-turns', { description: 'The agent’s turns at most; default 10' });
  mode = Option.String('--command', { description: 'Mode: auto, ultrathink, analyze or fix' });
  agent = Option.String('--agent', { description: 'amplihack (default), claude, codex or copilot' });
  pool = Option.String('--pool', { description: 'VMPool to run in; default: default' });
  priority = Option.String('--priority', { description: 'Higher starts first; default 0' });
  deadline = Option.String('--deadline', '24h', { description: 'End it after this long (30m, 2h, 1d, none); default 24h' });
  retries = Option.String('--retries', { description: 'New attempts after a VM was lost; default 0' });
  memory = Option.String('--memory-mib', { description: 'Memory to reserve; default 16384' });
  env = Option.Array('--env', [], { description: 'NAME=VALUE for the session’s environment' });
  envFromSecret = Option.Array('--env-from-secret', [], { description: 'NAME, NAME/KEY or VAR=NAME/KEY' });
  agentEnv = Option.Boolean('--agent-env', true, {
    description: 'Pass the agent’s credentials set in this shell (--no-agent-env: do not)',
  });
  repo = Option.String('--repo', { description: 'Repository to work in: URL or PATH, with #REF' });
  dryRun = Option.Boolean('--dry-run', false, { description: 'Print the manifests and do nothing' });
  detach = Option.Boolean('--detach', false, { description: 'Return once they are created' });
  queue = Option.Boolean('--queue', false, { description: 'Wait where Azure has no quota left, instead of giving up' });
  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });
  prompts = Option.Rest({ name: 'PROMPT' });

  async execute(): Promise<number> {
    const { form } = this;
    const client = await this.client();
    const made = this.file === undefined ? await this.fromPrompts(client) : await this.fromFile(client, this.file);
    if (this.dryRun) {
      const documents = made.map(({ document }) => document);
      if (form === 'json')
        await this.print('json', documents.length === 1 ? documents[0] : { apiVersion: 'v1', kind: 'List', items: documents });
      else for (const [index, document] of documents.entries()) await this.separate(index, document);
      return EXIT.ok;
    }
    const controller = { context: this.context, client, target: this.target(), up: this.up };
    const fresh = await this.toStart(controller, made);
    const vms = await client.list('VM');
    await client.apply(made);
    const print = (text: string): void => (form === 'table' ? this.out(text) : this.say(text));
    if (fresh.length > 0) print(starting(fresh.length));
    const running = await bringUp({ ...controller, always: true });
    if (!running)
      this.say(`No controller runs: they start when one does (${this.context.invokedAs} up).
`);
    const wait = running && !this.detach;
    if (wait && fresh.length > 0) await this.showStart(controller, { made: fresh, vms, print });
    else this.showCreated(fresh, print);
    print(monitorHint(this.context.invokedAs, wait ? 'started' : 'created'));
    await this.report(client, made);
    return EXIT.ok;
  }

  private async fromPrompts(client: Client): Promise<readonly SessionManifest[]> {
    const work = tasks(this.prompts, this.context.tail);
    const shared = await this.sharedSpec(client, this.context.tail !== undefined);
    const names = await this.names(client, work.length);
    const specs = work.map((task): SessionSpec => ({ ...task, ...shared }));
    return manifests(names, this.inNamespace, specs).map((document) => ({ document, origin: 'command line' }));
  }

  private async fromFile(client: Client, file: string): Promise<readonly SessionManifest[]> {
    if (this.prompts.length > 0 || this.context.tail !== undefined) throw usageError('-f and prompts exclude each other');
    const documents = await this.context.parts.readManifests(file, this.context.stdin);
    if (documents.length === 0) throw usageError(`${file}: nothing to start`);
    const names = await this.names(client, documents.length);
    return fromDocuments(documents, { names, namespace: this.inNamespace, invokedAs: this.context.invokedAs });
  }

  /** Those that have not run: a file may name what was started before. Of that, what is known may be older than its end. */
  private async toStart(controller: BringUpOptions, made: readonly SessionManifest[]): Promise<readonly SessionManifest[]> {
    const known = (manifest: SessionManifest) => controller.client.get('Session', manifest.document.metadata);
    const there = await Promise.all(made.map(known));
    if (!there.some((session) => session !== undefined && (hasRun(session) || isFinished(session)))) return made;
    await bringUp({ ...controller, always: true });
    const fresh: SessionManifest[] = [];
    for (const manifest of made) {
      const session = await known(manifest);
      const { name } = manifest.document.metadata;
      if (session !== undefined && isFinished(session))
        throw new CliError(`session ${name} has ended (${statusOf(session)}) and does not run again`, {
          hint: `Run '${this.context.invokedAs} rerun ${name}'.`,
        });
      if (session === undefined || !hasRun(session)) fresh.push(manifest);
      else this.say(`Session ${name} runs already${session.status?.vm ? ` on VM ${session.status.vm.name}` : ''}.\n`);
    }
    return fresh;
  }

  private async names(client: Client, count: number): Promise<readonly string[]> {
    const taken = new Set((await client.list('Session')).map((session) => session.metadata.name));
    return sessionNames(count, this.context.now(), this.context.random, taken);
  }

  private async sharedSpec(client: Client, isCommand: boolean): Promise<SessionSpec> {
    const spec = specOf(this);
    if (isCommand && (spec.agent ?? spec.mode ?? spec.maxTurns) !== undefined)
      throw usageError('--agent, --command and --max-turns do not go with a command after --');
    const env = [...parseEnv(this.env), ...parseEnvFromSecret(this.envFromSecret, await this.secretKeys(client), this.context.invokedAs)];
    const agentEnv = isCommand || !this.agentEnv ? [] : await this.storeAgentEnv(client, spec.agent ?? 'amplihack', env);
    const source = this.repo === undefined ? undefined : parseRepo(this.repo, { cwd: process.cwd(), local: await this.isLocal(client) });
    const all = [...env, ...agentEnv];
    return { ...spec, ...(all.length === 0 ? {} : { env: all }), ...(source === undefined ? {} : { source }) };
  }

  private async secretKeys(client: Client): Promise<(secret: string) => readonly string[] | undefined> {
    const secrets = this.envFromSecret.length === 0 ? [] : await client.secrets();
    return (name) => secrets.find((secret) => secret.name === name && secret.namespace === this.inNamespace)?.keys;
  }

  private async storeAgentEnv(
    client: Client,
    agent: NonNullable<SessionSpec['agent']>,
    given: readonly EnvEntry[],
  ): Promise<readonly EnvEntry[]> {
    const values = agentVariables(agent, this.context.env, given);
    const names = Object.keys(values);
    if (names.length === 0) return [];
    const secret = agentSecretName(agent);
    if (!this.dryRun) {
      await client.setSecret({ namespace: this.inNamespace, name: secret }, values);
      this.say(`Stored ${names.join(', ')} of this shell as secret ${secret} for the session (--no-agent-env: do not).\n`);
    }
    return secretEntries(secret, names);
  }

  private async isLocal(client: Client): Promise<boolean> {
    const pool = await client.get('VMPool', { namespace: this.inNamespace, name: this.pool ?? 'default' });
    return pool === undefined ? (this.pool ?? 'default') === 'default' : pool.spec.provider.type === 'Local';
  }

  private async separate(index: number, document: unknown): Promise<void> {
    if (index > 0) this.out('---\n');
    await this.print('yaml', document);
  }

  private showCreated(made: readonly SessionManifest[], print: (text: string) => void): void {
    for (const [index, { document }] of made.entries()) print(sessionBlock({ index: index + 1, count: made.length, session: document }));
  }

  private async showStart(
    controller: BringUpOptions,
    {
      made,
      vms,
      print,
    }: { readonly made: readonly SessionManifest[]; readonly vms: readonly VM[]; readonly print: (text: string) => void },
  ): Promise<void> {
    const { client } = controller;
    const keys = made.map(({ document }) => keyString(document.metadata));
    const azure = await this.azurePools(client);
    const live = liveLine(this.context);
    const look = watchStart({
      keys,
      before: vms,
      isAzure: (session) => azure.has(keyString({ namespace: session.metadata.namespace, name: poolOf(session) })),
      queue: this.queue,
      print: (text) => live.around(() => print(text)),
      say: (text) => live.around(() => this.say(text)),
    });
    const lookAndTell = (world: World): true | undefined => {
      const done = look(world);
      live.show(done ? undefined : waitingFor(world, keys));
      return done;
    };
    try {
      const beside = keepUp({ ...controller, say: (text) => live.around(() => this.say(text)) });
      await waitUntil(client, lookAndTell, { interrupted: this.context.interrupted, beside, vms: true });
    } catch (error) {
      if (error instanceof QuotaRefused) throw await giveUp(client, error);
      if (!this.context.interrupted.aborted) throw error;
      throw new CliError('interrupted; the sessions go on', {
        exit: EXIT.interrupted,
        hint: `Use '${this.context.invokedAs} list' to monitor.`,
      });
    } finally {
      live.close();
    }
  }

  private async azurePools(client: Client): Promise<ReadonlySet<string>> {
    const pools = await client.list('VMPool');
    return new Set(pools.filter((pool) => pool.spec.provider.type === 'Azure').map((pool) => keyString(pool.metadata)));
  }

  private async report(client: Client, made: readonly SessionManifest[]): Promise<void> {
    const { form } = this;
    if (form === 'table' || form === 'wide') return;
    if (form === 'name') return this.out(made.map(({ document }) => `session.berth.dev/${document.metadata.name}\n`).join(''));
    const all = await client.list('Session');
    const keys = new Set(made.map(({ document }) => keyString(document.metadata)));
    await this.print(
      form,
      listJSON(
        all.filter((session) => keys.has(keyString(session.metadata))),
        queuePositions(all),
        this.context.now(),
      ),
    );
  }
}

const giveUp = async (client: Client, { session, sessions, message: said }: QuotaRefused): Promise<CliError> => {
  const pool = await client.get('VMPool', { namespace: session.metadata.namespace, name: poolOf(session) });
  for (const refused of sessions) await client.delete('Session', keyOf(refused));
  const { message, hint } = quotaError(session, said, pool);
  return new CliError(message, { exit: EXIT.quota, hint });
};
