// `prime`: free ready slots for a while, made before the sessions that need them. Somebody at a terminal sees them come; a script
// goes on at once.
import { Option } from 'clipanion';
import { timestamp } from '../../controller/api/clock.ts';
import { BerthCommand } from '../base.ts';
import { type BringUpOptions, bringUp, keepUp } from '../bring-up.ts';
import { parseCount, parseDuration } from '../duration.ts';
import { CliError, EXIT } from '../error.ts';
import { liveLine } from '../live-line.ts';
import { primeProgress } from '../render/prime.ts';
import { type World, waitUntil } from '../world.ts';

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
    const controller = { context: this.context, client, target: this.target(), up: this.up };
    const running = await bringUp({ ...controller, always: true });
    this.out(
      slots === 0
        ? `Pool ${this.pool}: no slots held any more.\n`
        : `Pool ${this.pool}: holding ${slots} free slot(s) until ${untilTime}.\n`,
    );
    if (running && slots > 0 && this.context.terminal.stderr) await this.showProgress(controller, slots);
    return EXIT.ok;
  }

  private async showProgress(controller: BringUpOptions, slots: number): Promise<void> {
    const live = liveLine(this.context);
    const look = ({ sessions, vms, pools }: World): true | undefined => {
      const ours = [...vms.values()].filter(
        ({ metadata, spec }) => metadata.namespace === this.inNamespace && spec.poolRef.name === this.pool,
      );
      const offerings = pools.get(`${this.inNamespace}/${this.pool}`)?.status?.offerings;
      const wanted = { slots, size: this.size, region: this.region };
      const { ready, text } = primeProgress(ours, [...sessions.values()], wanted, offerings);
      live.show(text);
      return ready >= slots ? true : undefined;
    };
    try {
      const beside = keepUp({ ...controller, say: (text) => live.around(() => this.say(text)) });
      await waitUntil(controller.client, look, { interrupted: this.context.interrupted, beside, vms: true, pools: true });
    } catch (error) {
      if (!this.context.interrupted.aborted) throw error;
      throw new CliError('interrupted; the slots are made ready all the same', { exit: EXIT.interrupted });
    } finally {
      live.close();
    }
    this.say(`${slots} free slot(s) ready.\n`);
  }
}
