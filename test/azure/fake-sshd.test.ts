// Machines of the fake that are real sshd processes: host key, users and files from the customData, disks that outlive a stop.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { whyNoNamespaces } from '../fakes/azure/backing/namespaces.ts';
import { run } from '../fakes/azure/backing/run.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { createFakeWorld, FAST, type FakeWorld, RG } from './fake-world.ts';

const skipped = noSSHD ?? whyNoNamespaces();

const declare = (): void => {
  const test = suite('fake Azure: machines with sshd');
  const folder = mkdtempSync(join(tmpdir(), 'fake-sshd-test-'));
  const key = (name: string): { readonly file: string; readonly text: string; readonly public: string } => {
    const file = join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    return { file, text: readFileSync(file, 'utf8'), public: readFileSync(`${file}.pub`, 'utf8').trim() };
  };
  const host = key('host');
  const client = key('client');
  const customData = `#cloud-config\n${stringify({
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: host.text, ed25519_public: host.public },
    users: [{ name: 'berth', shell: '/bin/bash', sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: [client.public] }],
    write_files: [
      { path: '/var/lib/berth/note', permissions: '0600', content: "it's\nthere\n" },
      {
        path: '/usr/local/bin/tool',
        permissions: '0755',
        encoding: 'b64',
        content: Buffer.from('#!/bin/sh\necho tool\n').toString('base64'),
      },
    ],
    runcmd: [['touch', '/must-not-run']],
  })}`;
  let world: FakeWorld;

  const ssh = async (name: string, ...command: readonly string[]) => {
    const vm = (await world.fake.control.vms()).find((one) => one.name === name);
    const { host: address, port } = vm?.endpoint ?? { host: '127.0.0.1', port: 1 };
    const known = join(folder, `known-${name}`);
    writeFileSync(known, `[${address}]:${port} ${host.public}\n${address} ${host.public}\n`);
    const options = [
      '-o',
      `UserKnownHostsFile=${known}`,
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'BatchMode=yes',
    ];
    return run('ssh', ['-F', 'none', ...options, '-i', client.file, '-p', String(port), `berth@${address}`, ...command]);
  };

  test.before(async () => {
    world = await createFakeWorld({
      backing: 'sshd',
      durable: true,
      afterBoot: 'mkdir -p /var/lib/berth; echo done > /var/lib/berth/boot.json',
    });
    await world.create('box', {}, customData);
  });
  test.after(async () => {
    await world.fake.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('shows the host key of the customData and lets its user in at port 22', async () => {
    const { stdout, stderr } = await ssh(
      'box',
      'id -un; echo $HOME; hostname; cat /var/lib/berth/boot.json; tool; ls /must-not-run 2>&1; echo $FAKE_AZURE_IMDS',
    );
    assert.match(stdout, /^berth\n\/home\/berth\nbox\ndone\ntool\n/, stderr);
    assert.match(stdout, /must-not-run.*No such file/);
    assert.match(stdout, /http:\/\/127\.0\.0\.1:\d+\/imds\//);
    assert.is((await world.fake.control.vms())[0]?.endpoint?.port, 22);
  });

  test('lets it become root, and keeps files from others as it was told', async () => {
    const { stdout } = await ssh('box', 'cat /var/lib/berth/note 2>&1; sudo -n cat /var/lib/berth/note; sudo -n id -u; id -u');
    assert.match(stdout, /Permission denied\nit's\nthere\n0\n1\d{3}\n/);
  });

  test('loses what ran when it is deallocated, and has the same disk when it starts again', async () => {
    await ssh('box', 'echo kept > ~/file; tmux new-session -d "sleep 1000"; tmux ls');
    await world.compute.virtualMachines.deallocate(RG, 'box', FAST);
    assert.is.not((await ssh('box', 'true')).code, 0);
    await world.compute.virtualMachines.start(RG, 'box', FAST);
    const { stdout } = await ssh('box', 'cat ~/file; pgrep -c sleep');
    assert.is(stdout, 'kept\n0\n');
  });

  test('answers with another host key when it is told to, and refuses SSH alone when it is told to', async () => {
    await ssh('box', 'tmux new-session -d "sleep 1001"');
    await world.fake.control.tell({ kind: 'sshRefuse', name: '^box$' });
    assert.match((await ssh('box', 'true')).stderr, /refused/);
    await world.fake.control.tell({ kind: 'sshRefuse', name: '^box$', off: true });
    assert.is((await ssh('box', 'pgrep -fc "^sleep 1001"')).stdout, '1\n');
    const { stdout: before } = await world.fake.control.exec('box', ['cat', '/etc/ssh/ssh_host_ed25519_key']);
    await world.fake.control.tell({ kind: 'hostKeyChange', name: 'box' });
    assert.match((await ssh('box', 'true')).stderr, /HOST IDENTIFICATION HAS CHANGED|verification failed/);
    const put = 'cat > /etc/ssh/ssh_host_ed25519_key; kill -HUP $(cat /run/sshd.pid)';
    await world.fake.control.exec('box', ['sh', '-c', put], before);
    await until(async () => (await ssh('box', 'true')).code === 0, 'the old key');
  });

  test('runs a run command on the machine', async () => {
    const { value } = await world.compute.virtualMachines.runCommand(
      RG,
      'box',
      { commandId: 'RunShellScript', script: ['id -un', 'echo no >&2'] },
      FAST,
    );
    assert.is(value?.[0]?.message, 'Enable succeeded: \n[stdout]\nroot\n\n[stderr]\nno\n');
  });

  test('goes on over a kill of the fake', async () => {
    await ssh('box', 'tmux new-session -d "sleep 1002"');
    await world.fake.kill();
    assert.is((await run('true', [])).code, 0);
    await world.fake.restart();
    assert.is((await ssh('box', 'pgrep -fc "^sleep 1002"')).stdout, '1\n');
  });

  test('is stopped, and still billed, when it shuts itself down', async () => {
    await ssh('box', 'sudo -n shutdown -h now');
    await until(async () => (await world.fake.control.vms())[0]?.power === 'stopped', 'the end of it');
    assert.is((await world.fake.control.bill()).running, 1);
  });

  test('leaves nothing when it is deleted', async () => {
    await world.compute.virtualMachines.delete(RG, 'box', FAST);
    await until(async () => (await world.fake.control.vms()).length === 0);
    assert.is.not((await run('pgrep', ['-f', '^sleep 1002'])).code, 0);
  });

  test.run();
};

if (skipped === undefined) declare();
else skip('fake Azure: machines with sshd', skipped);
