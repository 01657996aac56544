// What a machine is told at its first boot, as cloud-init reads it.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { cloudConfig, type FirstBoot } from '../../../controller/provider/azure/cloud-init.ts';
import { firstBootScript } from '../../../controller/provider/azure/first-boot.ts';
import { deriveKey } from '../../../controller/provider/azure/keys.ts';
import { ON_VM } from '../../../controller/provider/azure/on-vm.ts';

const test = suite('azure provider: cloud-config');

const hostKey = deriveKey(Buffer.alloc(32, 7), 'uid-0', 'host-1');
const login = deriveKey(Buffer.alloc(32, 7), 'uid-0', 'login');
const boot = (more: Partial<FirstBoot> = {}): FirstBoot => ({
  hostKey,
  loginKey: login.publicKey,
  setupScript: undefined,
  deadMansSwitch: { idleSeconds: 3600, maxSeconds: 86_400, self: undefined },
  ...more,
});
/** As PyYAML reads it, which holds to YAML 1.1. */
const read = (text: string) => parse(text, { version: '1.1' });
const contentOf = (text: string, path: string): string | undefined => {
  const file = read(text).write_files.find((one: { path: string }) => one.path === path);
  return file?.encoding === 'b64' ? Buffer.from(file.content, 'base64').toString() : file?.content;
};

test('the machine shows the injected host key alone, and lets nobody in but us, by key', () => {
  const text = cloudConfig(boot());
  assert.ok(text.startsWith('#cloud-config\n'));
  const config = read(text);
  assert.equal(config.ssh_keys, { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey });
  assert.equal([config.ssh_deletekeys, config.ssh_pwauth, config.disable_root], [true, false, true]);
  assert.equal(config.users, [
    {
      name: 'berth',
      gecos: 'Berth',
      shell: '/bin/bash',
      lock_passwd: true,
      sudo: 'ALL=(ALL) NOPASSWD:ALL',
      ssh_authorized_keys: [login.publicKey],
    },
  ]);
});

test('its one secret is that host key', () => {
  const text = cloudConfig(boot({ setupScript: 'true' }));
  assert.not.match(text, login.privateKey.split('\n')[2] ?? '?');
  assert.is(text.match(/PRIVATE KEY-----/g)?.length, 2, 'the begin and the end of one key');
});

test('nothing in it needs a network before the first step that may fail', () => {
  const config = read(cloudConfig(boot()));
  assert.equal(
    Object.keys(config).filter((key) => /package|apt|locale/.test(key)),
    [],
  );
  assert.equal(config.runcmd, [['/bin/bash', ON_VM.firstBoot]]);
  assert.is(contentOf(cloudConfig(boot()), ON_VM.firstBoot), firstBootScript());
});

test('modes are text: a number would be read as something else', () => {
  const files: readonly { readonly permissions: unknown }[] = read(cloudConfig(boot({ setupScript: 'true' }))).write_files;
  assert.ok(files.length > 5 && files.every(({ permissions }) => typeof permissions === 'string' && /^0[0-7]{3}$/.test(permissions)));
});

test("the pool's script comes as it is, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (setupScript) => {
      const valid = Buffer.from(setupScript).toString();
      assert.is(contentOf(cloudConfig(boot({ setupScript })), ON_VM.setup), valid);
    }),
    { numRuns: 10 },
  );
  assert.is(contentOf(cloudConfig(boot()), ON_VM.setup), undefined);
});

test('the longest script that a pool may have fits in, also if it is all lines', () => {
  const text = cloudConfig(boot({ setupScript: 'a\n'.repeat(32_768 / 2) }));
  assert.ok(Buffer.byteLength(text) <= 65_535, String(text.length));
});

test('one that is too long in bytes is refused, with the numbers', () => {
  assert.throws(
    () => cloudConfig(boot({ setupScript: '€'.repeat(32_768) })),
    /^setup\.script makes the first boot's data \d{6} bytes long, and Azure takes 65535: fetch what is long from it$/,
  );
});

test('the switch knows its times, and with an identity what to ask Azure for', () => {
  const self = { resourceID: '/subscriptions/s/vm', identityID: '/subscriptions/s/id', ephemeral: false };
  const config = (of: FirstBoot['deadMansSwitch']) =>
    JSON.parse(contentOf(cloudConfig(boot({ deadMansSwitch: of })), ON_VM.deadMansSwitchConfig) ?? '');
  const times = { idleSeconds: 60, maxSeconds: 600 };
  const plain = { ...times, heartbeat: ON_VM.heartbeat, runs: ON_VM.runs };
  assert.equal(config({ ...times, self: undefined }), plain);
  const tokenURL =
    'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F&msi_res_id=%2Fsubscriptions%2Fs%2Fid';
  assert.equal(config({ ...times, self }), {
    ...plain,
    tokenURL,
    method: 'POST',
    url: 'https://management.azure.com/subscriptions/s/vm/deallocate?api-version=2024-07-01',
  });
  assert.equal(config({ ...times, self: { ...self, ephemeral: true } }), {
    ...plain,
    tokenURL,
    method: 'DELETE',
    url: 'https://management.azure.com/subscriptions/s/vm?api-version=2024-07-01',
  });
});

test('the heartbeat is in memory, where we may touch it', () => {
  assert.is(contentOf(cloudConfig(boot()), '/etc/tmpfiles.d/berth.conf'), 'd /run/berth 0755 berth berth -\n');
  assert.ok(ON_VM.heartbeat.startsWith('/run/berth/'));
});

test('a timer runs the switch every minute, from the first boot on', () => {
  const text = cloudConfig(boot());
  assert.match(contentOf(text, '/etc/systemd/system/berth-dead-mans-switch.timer') ?? '', 'OnUnitActiveSec=60');
  const service = contentOf(text, '/etc/systemd/system/berth-dead-mans-switch.service') ?? '';
  assert.match(service, `ExecStart=/usr/bin/python3 ${ON_VM.deadMansSwitch} ${ON_VM.deadMansSwitchConfig}`);
  assert.match(firstBootScript(), 'systemctl enable --now berth-dead-mans-switch.timer');
});

test.run();
