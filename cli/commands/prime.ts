// `prime`: free ready slots for a while, made before the sessions that need them.
import { Option } from 'clipanion';
import { timestamp } from '../../controller/api/clock.ts';
import { BerthCommand } from '../base.ts';
import { bringUp } from '../bring-up.ts';
import { parseCount, parseDuration } from '../duration.ts';
import { CliError, EXIT } from '../error.ts';

export class PrimeCommand extends BerthCommand {
  static override paths = [['prime']];
  static override usage = { description: 'Hold free slots ready for a while' };

  count = Option.String('--count', '1', { description: 'How many slots; default 1, 0 ends it' });
  size = Option.String('--size,--vm-size', { description: 'Size of VM: s, m, l or xl' });
  region = Option.String('--region', { description: 'Region; default: any of the pool' });
  for = Option.String('--for', '2h', { description: 'How long; default 2h' });
  pool = Option.String('--pool', 'default', { description: 'VMPool; default: default' });
  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });

  async execute(): Promise<number> {
    const slots = parseCount(this.count, '--count');
    const untilTime = timestamp(this.context.now() + parseDuration(this.for, '--for') * 1000);
    const client = await this.client();
    const key = { namespace: this.inNamespace, name: this.pool };
    if (this.pool !== 'default' && (await client.get('VMPool', key)) === undefined)
      throw new CliError(`VMPool ${this.pool} not found`, { exit: EXIT.notFound });
    // A merge patch: null takes away what an earlier prime asked for.
    const prime = slots === 0 ? null : { slots, size: this.size ?? null, region: this.region ?? null, untilTime };
    await client.patchSpec('VMPool', key, { prime });
    await bringUp({ context: this.context, client, target: this.target(), up: this.up, always: true });
    this.out(
      slots === 0
        ? `Pool ${this.pool}: no slots held any more.\n`
        : `Pool ${this.pool}: holding ${slots} free slot(s) until ${untilTime}.\n`,
    );
    return EXIT.ok;
  }
}
