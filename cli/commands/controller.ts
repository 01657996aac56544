// `controller`: runs the controller in the foreground until it is told to stop.
import { Option } from 'clipanion';
import { errorCode, errorMessage } from '../../controller/api/error.ts';
import { BerthCommand } from '../base.ts';
import { parseDuration } from '../duration.ts';
import { CliError, EXIT } from '../error.ts';

export class ControllerCommand extends BerthCommand {
  static override paths = [['controller']];
  static override usage = { description: 'Run the controller in the foreground' };

  writeStatus = Option.String('--write-status', { description: 'inline (default) or never: status in the files of a directory' });
  logRetention = Option.String('--log-retention', { description: 'How long logs of removed sessions are kept; default 7d' });
  httpAddress = Option.String('--http', { description: 'Address for health and metrics; default: none' });
  logApi = Option.String('--log-api', { description: 'In a cluster: [HOST:]PORT to serve whole logs on, behind the API server' });
  allowLocal = Option.Boolean('--allow-local', false, { description: 'In a cluster: let pools use this machine (provider Local)' });

  async execute(): Promise<number> {
    const options = {
      ...this.target(),
      ...(this.writeStatus === undefined ? {} : { writeStatus: this.writeStatus }),
      ...(this.logRetention === undefined ? {} : { retentionMs: parseDuration(this.logRetention, '--log-retention') * 1000 }),
      ...(this.httpAddress === undefined ? {} : { httpAddress: this.httpAddress }),
      ...(this.logApi === undefined ? {} : { logApi: this.logApi }),
      ...(this.allowLocal ? { allowLocal: true } : {}),
    };
    await this.context.parts.runController(options).catch((error: unknown) => {
      throw errorCode(error) === 'denied' ? new CliError(errorMessage(error), { exit: EXIT.notFound }) : error;
    });
    return EXIT.ok;
  }
}
