// `secret`: values go in by standard input, a variable or a file, never by argv, and never come out again.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Option } from 'clipanion';
import { BerthCommand, ReadingCommand } from '../base.ts';
import { readAll } from '../bytes.ts';
import { CliError, EXIT, interrupted, usageError } from '../error.ts';
import { table } from '../render/text.ts';

export class SecretSetCommand extends BerthCommand {
  static override paths = [['secret', 'set']];
  static override usage = { description: 'Store a secret’s value: from standard input, --from-env or --from-file' };

  fromEnv = Option.String('--from-env', { description: 'Take the value from this variable' });
  fromFile = Option.String('--from-file', { description: 'Take the value from this file' });
  name = Option.String({ name: 'NAME' });
  key = Option.String({ name: 'KEY' });

  async execute(): Promise<number> {
    const value = await this.value();
    if (value === '') throw usageError('the value is empty');
    const client = await this.client();
    await client.setSecret({ namespace: this.inNamespace, name: this.name }, { [this.key]: value });
    this.out(`secret/${this.name} ${this.key} set\n`);
    return EXIT.ok;
  }

  private async value(): Promise<string> {
    if (this.fromEnv !== undefined && this.fromFile !== undefined) throw usageError('--from-env and --from-file exclude each other');
    if (this.fromFile !== undefined)
      return readFile(this.fromFile, 'utf8').catch((error: unknown) =>
        Promise.reject(new CliError(`cannot read ${this.fromFile}: ${error instanceof Error ? error.message : error}`)),
      );
    if (this.fromEnv === undefined) return this.isTerminal() ? this.ask() : this.readInput();
    const value = this.context.env[this.fromEnv];
    if (value === undefined) throw usageError(`--from-env: ${this.fromEnv} is not set`);
    return value;
  }

  private isTerminal(): boolean {
    return 'isTTY' in this.context.stdin && this.context.stdin.isTTY === true;
  }

  /** The one newline that `echo` adds is not part of a secret. */
  private async readInput(): Promise<string> {
    return (await readAll(this.context.stdin)).toString('utf8').replace(/\r?\n$/, '');
  }

  /** Asks without showing what is typed. */
  private async ask(): Promise<string> {
    this.say(`Value of ${this.name}/${this.key}: `);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const prompt = createInterface({ input: this.context.stdin, output: silent, terminal: true });
    try {
      return await prompt.question('', { signal: this.context.interrupted });
    } catch {
      throw interrupted();
    } finally {
      prompt.close();
      this.say('\n');
    }
  }
}

export class SecretListCommand extends ReadingCommand {
  static override paths = [['secret', 'list']];
  static override usage = { description: 'List secrets and their keys, never their values' };

  async execute(): Promise<number> {
    const { form } = this;
    const client = await this.client();
    const secrets = (await client.secrets()).filter(({ namespace }) => this.allNamespaces || namespace === this.inNamespace);
    if (form === 'json' || form === 'yaml') await this.print(form, { secrets });
    else if (form === 'name') this.out(secrets.map(({ name }) => `secret/${name}\n`).join(''));
    else if (secrets.length === 0) this.say('No secrets found.\n');
    else
      this.out(
        table(
          [{ title: 'NAME' }, { title: 'KEYS' }],
          secrets.map(({ name, keys }) => [name, keys.join(', ')]),
        ),
      );
    return EXIT.ok;
  }
}

export class SecretDeleteCommand extends BerthCommand {
  static override paths = [['secret', 'delete']];
  static override usage = { description: 'Delete a secret' };

  name = Option.String({ name: 'NAME' });

  async execute(): Promise<number> {
    const client = await this.client();
    const deleted = await client.deleteSecret({ namespace: this.inNamespace, name: this.name });
    if (!deleted) throw new CliError(`secret ${this.name} not found`, { exit: EXIT.notFound });
    this.out(`secret/${this.name} deleted\n`);
    return EXIT.ok;
  }
}
