// The program of a controller that is wired as the real one, with its cloud in another process: CLOUD-URL STATE-FOLDER.
import { runController } from '../../../controller/main.ts';
import { cloudHosts, cloudProvider } from './cloud-client.ts';

const [url = '', state = ''] = process.argv.slice(2);
const end = new AbortController();
const providers = new Map([['Local', cloudProvider(url)] as const]);
await runController({ store: 'cluster', state }, { providers, hosts: () => cloudHosts(url, end.signal) });
end.abort();
