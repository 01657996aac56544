// `plan`: what the controller would do now, with reasons, changing nothing.
import { ReadingCommand } from '../base.ts';
import { EXIT } from '../error.ts';
import { planText } from '../render/plan.ts';

export class PlanCommand extends ReadingCommand {
  static override paths = [['plan']];
  static override usage = { description: 'Show what the controller would do now, and why' };

  async execute(): Promise<number> {
    const { form } = this;
    // For the namespace that the store means.
    await this.client();
    const plan = await this.context.parts.plan(this.target());
    const pools = plan.pools.filter(({ pool }) => this.allNamespaces || pool.namespace === this.inNamespace);
    if (form === 'json' || form === 'yaml') await this.print(form, { pools });
    else this.out(planText({ pools }));
    return EXIT.ok;
  }
}
