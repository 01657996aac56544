// The fake as a process of its own: prints where it listens as one line of JSON, and serves until SIGTERM.
// Usage: fake-azure [--port N] [--control-port N] [--state-file FILE] [--folder DIRECTORY] [--speed N] [--subscription ID] [--token TOKEN]
//                   [--backing sshd|plain|qemu|none] [--image DIRECTORY] [--memory MiB] [--runcmd] [--after-boot COMMAND] [--share DIRECTORY]
//                   [--until-stdin-ends]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { noBacking } from './backing/backing.ts';
import { createQemuBacking } from './backing/qemu-backing.ts';
import { createSSHDBacking } from './backing/sshd-backing.ts';
import { certificatesIn } from './certificates.ts';
import { listen } from './server.ts';
import { loadState } from './state-file.ts';
import { createWorld } from './world.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    'state-file': { type: 'string' },
    folder: { type: 'string' },
    speed: { type: 'string', default: '1' },
    subscription: { type: 'string', multiple: true, default: [SUBSCRIPTION] },
    token: { type: 'string' },
    backing: { type: 'string', default: 'none' },
    image: { type: 'string' },
    memory: { type: 'string', default: '2048' },
    runcmd: { type: 'boolean', default: false },
    'after-boot': { type: 'string' },
    share: { type: 'string', multiple: true, default: [] },
    'until-stdin-ends': { type: 'boolean', default: false },
  },
});
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'fake-azure-'));
const certificates = certificatesIn(folder);
const world = loadState(values['state-file']) ?? createWorld(values.subscription, Number(values.speed));
if (values.token !== undefined) world.tokens.set(values.token, { until: Number.MAX_SAFE_INTEGER, principal: 'test' });
const listening = await listen({
  world,
  backing: async ({ url, controlURL, onOff }) => {
    if (values.backing === 'none') return noBacking;
    if (values.backing === 'qemu') {
      if (values.image === undefined) throw new Error('--backing qemu wants --image');
      return createQemuBacking({ folder, image: values.image, memoryMiB: Number(values.memory), onOff });
    }
    if (!['sshd', 'plain'].includes(values.backing)) throw new Error(`--backing is sshd, plain, qemu or none, not ${values.backing}`);
    return createSSHDBacking({
      folder,
      plain: values.backing === 'plain',
      runCommands: values.runcmd,
      afterBoot: values['after-boot'],
      share: values.share,
      outlive: values['state-file'] !== undefined,
      // Its machines share this system's kernel and users: no session gets one of its own.
      env: (vmId) => ({ BERTH_USERS: 'shared', FAKE_AZURE_URL: url, FAKE_AZURE_IMDS: `${controlURL}/imds/${vmId}` }),
      instead: (vmId) => ({ 'http://169.254.169.254/': `${controlURL}/imds/${vmId}/`, 'https://management.azure.com/': `${url}/` }),
      caPem: readFileSync(certificates.caFile, 'utf8'),
      onOff,
    });
  },
  certificates,
  port: Number(values.port),
  controlPort: Number(values['control-port']),
  stateFile: values['state-file'],
});
const { url, controlURL } = listening;
process.stdout.write(`${JSON.stringify({ url, caFile: certificates.caFile, controlURL, folder, subscription: world.subscriptions[0] })}\n`);

const end = (): void => {
  void listening.close().then(() => {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
// Whoever started it is gone, however that came.
if (values['until-stdin-ends']) process.stdin.once('end', end).resume();
