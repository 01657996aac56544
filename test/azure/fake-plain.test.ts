// Machines of the fake where nobody is root: a folder stands for the disk, and sshd runs as whoever runs the fake.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { run } from '../fakes/azure/backing/run.ts';
import { noSSHD } from '../fakes/sshd.ts';
import { until } from '../fakes/until.ts';
import { skip } from '../runner/skip.ts';
import { createFakeWorld, FAST, type FakeWorld, RG } from './fake-world.ts';

const declare = (): void => {
  const test = suite('fake Azure: machines in a folder');
  const folder = mkdtempSync(join(tmpdir(), 'fake-plain-test-'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'client')]);
  const customData = `#cloud-config\n${stringify({
    users: [{ name: 'berth', ssh_authorized_keys: [readFileSync(join(folder, 'client.pub'), 'utf8').trim()] }],
    write_files: [{ path: '/etc/note', content: 'hello\n' }],
    runcmd: ['echo ran > "$R/etc/ran"'],
  })}`;
  let world: FakeWorld;
  /** As soon as its sshd answers: Azure, too, calls a machine started before that. */
  const ssh = async (command: string) => {
    await until(async () => (await connect('true')).code === 0, 'an sshd that answers');
    return connect(command);
  };
  const connect = async (command: string) => {
    const endpoint = (await world.fake.control.vms())[0]?.endpoint ?? { host: '127.0.0.1', port: 1 };
    const options = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes'];
    const who = `${userInfo().username}@${endpoint.host}`;
    return run('ssh', [...options, '-i', join(folder, 'client'), '-p', String(endpoint.port), who, command]);
  };

  test.before(async () => {
    world = await createFakeWorld({ backing: 'plain', runCommands: true, durable: true });
    await world.create('box', {}, customData);
  });
  test.after(async () => {
    await world.fake.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('lets its user in, with the folder that stands for the root', async () => {
    const { stdout, stderr } = await ssh(
      'cat "$BERTH_VM_ROOT/etc/note" "$BERTH_VM_ROOT/etc/ran"; test "$HOME" = "$BERTH_VM_ROOT/home/user" && echo home',
    );
    assert.is(stdout, 'hello\nran\nhome\n', stderr);
  });

  test('kills what was left running when the power goes, over a restart of the fake too, and keeps the disk', async () => {
    // Of this test alone, whatever else runs here.
    const sleeper = `sleep 987.${process.pid}`;
    await ssh(`echo kept > "$HOME/file"; setsid ${sleeper} >/dev/null 2>&1 & echo`);
    await world.fake.kill();
    await world.fake.restart();
    assert.is((await run('pgrep', ['-fc', `^${sleeper}`])).stdout, '1\n');
    // Killed, the fake may have forgotten the end of what it had begun, and comes to it again.
    await until(async () => (await world.compute.virtualMachines.get(RG, 'box')).provisioningState === 'Succeeded', 'the end of the PUT');
    await world.compute.virtualMachines.deallocate(RG, 'box', FAST);
    await until(async () => (await run('pgrep', ['-f', `^${sleeper}`])).code !== 0, 'the end of what ran');
    await world.compute.virtualMachines.start(RG, 'box', FAST);
    assert.is((await ssh('cat "$HOME/file"')).stdout, 'kept\n');
  });

  test('changes its host key', async () => {
    const before = await world.fake.control.exec('box', ['sh', '-c', 'cat "$BERTH_VM_ROOT/etc/ssh/ssh_host_ed25519_key.pub"']);
    await world.fake.control.tell({ kind: 'hostKeyChange', name: 'box' });
    const after = await world.fake.control.exec('box', ['sh', '-c', 'cat "$BERTH_VM_ROOT/etc/ssh/ssh_host_ed25519_key.pub"']);
    assert.is.not(after.stdout, before.stdout);
    assert.is((await ssh('echo in')).stdout, 'in\n');
  });

  test.run();
};

if (noSSHD === undefined) declare();
else skip('fake Azure: machines in a folder', noSSHD);
