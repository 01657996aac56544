// A controller with a pool of Azure, whose machines boot under qemu: what a stage of the run has to do with.
import type { ChildProcess } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCondition } from '../../controller/api/condition.ts';
import type { Session, SessionSpec } from '../../controller/api/types.generated.ts';
import { deriveKey, type KeyPurpose } from '../../controller/provider/azure/keys.ts';
import { ADMIN_USER } from '../../controller/provider/azure/on-vm.ts';
import type { SSHLogin } from '../../controller/shell/ssh-connection.ts';
import { openRealWorld } from '../e2e/real-world.ts';
import { openTerminal, type Terminal } from '../e2e/terminal.ts';
import { startFakeAzure } from '../fakes/azure/start.ts';
import { until } from '../session/vm-world.ts';
import { look } from './probe.ts';

/** Emulated processors that others compute beside are slow at times. */
export const BOOT_MS = 1_800_000;
export const SESSION_MS = 600_000;
export const POOL = 'booted';

export type MachineWorld = Awaited<ReturnType<typeof openMachineWorld>>;

export const openMachineWorld = async (image: string) => {
  const fake = await startFakeAzure({ backing: 'qemu', image });
  // For the controller, which is a process of its own.
  Object.assign(process.env, {
    AZURE_TENANT_ID: '00000000-0000-0000-0000-0000000000aa',
    AZURE_CLIENT_ID: '00000000-0000-0000-0000-0000000000bb',
    AZURE_CLIENT_SECRET: 'not-a-secret',
    BERTH_AZURE_ENDPOINT: fake.url,
    BERTH_AZURE_AUTHORITY: fake.url,
    BERTH_AZURE_CA_FILE: fake.caFile,
  });
  const berth = await openRealWorld('sources');
  let controller: ChildProcess | undefined;

  const theVM = async () => (await berth.client.list('VM')).find(({ spec }) => spec.poolRef.name === POOL);
  const login = async (...pins: readonly KeyPurpose[]): Promise<SSHLogin> => {
    const uid = (await theVM())?.metadata.uid;
    const address = (await fake.control.vms())[0]?.address;
    if (uid === undefined || address === undefined) throw new Error('there is no machine');
    const secret = Buffer.from((await readFile(join(berth.state, 'installation'), 'utf8')).trim(), 'hex');
    const key = (purpose: KeyPurpose) => deriveKey(secret, uid, purpose);
    const hostKeys = pins.map((purpose) => key(purpose).publicKey);
    return { host: address, port: 22, user: ADMIN_USER, hostKeys, privateKey: key('login').privateKey };
  };
  const world = {
    fake,
    berth,
    theVM,
    login,
    startController: () => {
      controller = berth.startController();
    },
    /** Frozen, it changes nothing while we look. */
    freeze: () => controller?.kill('SIGSTOP'),
    thaw: () => controller?.kill('SIGCONT'),
    /** Run on the machine as its administrator. */
    look: async (script: string, ...pins: readonly KeyPurpose[]) =>
      look(await login(...(pins.length === 0 ? (['host-2'] as const) : pins)), script),
    vmReady: (status: 'True' | 'False' | 'Unknown' = 'True') =>
      until(async () => {
        const ready = findCondition((await theVM())?.status?.conditions, 'Ready');
        return ready?.status === status ? ready : undefined;
      }, BOOT_MS),
    apply: (name: string, script: string | readonly string[], spec: Partial<SessionSpec> = {}) =>
      berth.apply('Session', name, {
        command: typeof script === 'string' ? ['bash', '-c', script] : script,
        poolRef: { name: POOL },
        memoryMiB: 128,
        ...spec,
      }),
    finished: (name: string): Promise<Session> => berth.finished(name, SESSION_MS),
    output: async (name: string): Promise<string> => String(await berth.output('output', name, '--raw', '--no-up')),
    shows: (name: string, text: string) =>
      until(async () => ((await berth.session(name))?.status?.output?.tail?.includes(text) ? true : undefined), SESSION_MS),
    /** Of somebody on the controller's machine. */
    terminal: async (): Promise<Terminal> => {
      const folder = join(berth.root, 'terminal');
      await mkdir(folder, { recursive: true });
      const ours = Object.entries(process.env).flatMap(([name, value]) =>
        /^(PATH|AZURE_|BERTH_AZURE_)/.test(name) && value ? [[name, value]] : [],
      );
      const env = { ...Object.fromEntries(ours), HOME: berth.root, BERTH_STORE: `dir:${berth.manifests}`, TERM: 'screen' };
      return openTerminal({ folder, columns: 120, env, cwd: folder });
    },
    /** For whoever reads of a failure. */
    troubles: async (): Promise<string> => {
      const vm = await theVM().catch(() => undefined);
      return `VM: ${JSON.stringify(vm?.status)}\ncontroller:\n${(await berth.log()).split('\n').slice(-20).join('\n')}`;
    },
    close: async () => {
      controller?.kill('SIGCONT');
      await berth.close();
      await fake.stop();
    },
  };
  return world;
};
