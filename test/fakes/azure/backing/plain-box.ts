// A machine as a folder and an sshd of the user who runs the fake: every login is that user's, whatever name it asks for has to
// be theirs. BERTH_VM_ROOT tells what runs there which folder stands for the root.
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box, BoxOptions } from './box.ts';
import { sshdConfig } from './box.ts';
import { alive, end, run } from './run.ts';

export const plainBox = (options: BoxOptions): Box => {
  const root = join(options.folder, 'root');
  const env = { ...options.env, BERTH_VM_ROOT: root, FAKE_AZURE_FOLDER: options.folder, HOME: join(root, 'home/user') };
  const pidFile = join(root, 'run/sshd.pid');
  const pid = (): number | undefined => {
    const found = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
    return found > 0 && alive(found) ? found : undefined;
  };
  let ending = false;
  return {
    root,
    start: async () => {
      for (const name of ['etc/fake-azure', 'etc/ssh', 'run', 'home/user']) mkdirSync(join(root, name), { recursive: true });
      writeFileSync(
        join(root, 'etc/fake-azure/sshd_config'),
        sshdConfig({ ...options, env }, root, `${root}/etc/fake-azure/authorized_keys`),
      );
    },
    run: (argv, input) => run(argv[0] ?? 'true', argv.slice(1), input, { ...process.env, ...env }),
    serveSSH: async (on) => {
      const found = pid();
      if (on) {
        if (found !== undefined) return;
        const log = openSync(join(options.folder, 'log'), 'a');
        const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(root, 'etc/fake-azure/sshd_config')], {
          stdio: ['ignore', log, log],
          detached: true,
        });
        ending = false;
        child.once('exit', () => {
          if (!ending) options.onEnd();
        });
        child.unref();
        return;
      }
      ending = true;
      if (found !== undefined) await end(found);
    },
    kill: async () => {
      ending = true;
      const found = pid();
      await Promise.all([...(found === undefined ? [] : [found]), ...processesOf(options.folder)].map(end));
      rmSync(pidFile, { force: true });
    },
  };
};

/** Whatever carries the folder in its environment was started on that machine. */
export const processesOf = (folder: string): readonly number[] =>
  globSync('/proc/[0-9]*/environ').flatMap((path) => {
    try {
      return readFileSync(path, 'latin1').split('\0').includes(`FAKE_AZURE_FOLDER=${folder}`) ? [Number(path.split('/')[2])] : [];
    } catch {
      return []; // somebody else's, or it ended
    }
  });
