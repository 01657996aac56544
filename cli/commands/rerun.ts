// `rerun`: a new session with the spec of an old one.
import { Option } from 'clipanion';
import { API_VERSION } from '../../controller/api/object.ts';
import { BerthCommand } from '../base.ts';
import { bringUp } from '../bring-up.ts';
import { EXIT } from '../error.ts';
import { monitorHint } from '../render/start.ts';
import { sessionNames } from '../start/names.ts';

export class RerunCommand extends BerthCommand {
  static override paths = [['rerun']];
  static override usage = { description: 'Start a new session with an old one’s spec' };

  up = Option.Boolean('--up', true, { description: 'Bring a controller up when none runs (--no-up: do not)' });
  id = Option.String({ name: 'ID' });

  async execute(): Promise<number> {
    const client = await this.client();
    const controller = { context: this.context, client, target: this.target(), up: this.up };
    const { spec, metadata } = await this.session(controller, this.id);
    const { shutdown: _shutdown, input: _input, ...again } = spec;
    const taken = new Set((await client.list('Session')).map((session) => session.metadata.name));
    const [name = ''] = sessionNames(1, this.context.now(), this.context.random, taken);
    const document = { apiVersion: API_VERSION, kind: 'Session', metadata: { name, namespace: metadata.namespace }, spec: again };
    await client.apply([{ document, origin: 'rerun' }]);
    await bringUp({ ...controller, always: true });
    this.out(`${name}\n`);
    this.say(monitorHint(this.context.invokedAs, 'created'));
    return EXIT.ok;
  }
}
