// `events`: what happened, oldest first.
import { Option } from 'clipanion';
import { plainName, ReadingCommand } from '../base.ts';
import { EXIT } from '../error.ts';
import { eventTable } from '../render/describe.ts';

export class EventsCommand extends ReadingCommand {
  static override paths = [['events']];
  static override usage = { description: 'Show what happened, to all or to one resource: events [NAME]' };

  name = Option.String({ required: false, name: 'NAME' });

  async execute(): Promise<number> {
    const { form } = this;
    const name = this.name === undefined ? undefined : plainName(this.name);
    const client = await this.client();
    const events = (await client.events()).filter(
      (event) => (this.allNamespaces || event.namespace === this.inNamespace) && (name === undefined || event.name === name),
    );
    if (form === 'json' || form === 'yaml') await this.print(form, { events });
    else if (events.length === 0) this.say('No events found.\n');
    else this.out(eventTable(events, this.context.now()));
    return EXIT.ok;
  }
}
