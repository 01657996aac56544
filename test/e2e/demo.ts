// `npm run demo`: a session from a YAML file to its output, in a directory of its own, with the built program. Leaves that
// directory to look around in, and no process.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';

interface Seen {
  readonly status?: { readonly phase?: string; readonly vm?: { readonly name: string }; readonly message?: string };
}

const PATIENCE_MS = 60_000;
const POLL_MS = 20;
const program = resolve(import.meta.dirname, '..', '..', 'dist', 'berth.mjs');
const manifest = `apiVersion: berth.dev/v1alpha1
kind: Session
metadata:
  name: demo
spec:
  command:
    - bash
    - -c
    - |
      for step in plan write test; do
        echo "Step: $step"; sleep 1
      done
      echo "Hello from a Berth session."
`;

const directory = mkdtempSync(join(tmpdir(), 'berth-demo-'));
const resource = join(directory, '.berth', 'sessions', 'default', 'demo.yaml');
const env = { ...process.env, BERTH_STORE: `dir:${directory}` };
let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
});

say(`A directory for Berth to watch: ${directory}`);
try {
  heading('1. A controller in the background', 'berth up');
  if (berth('up') !== 0) throw new Error('no controller came up');
  heading('2. A session is a YAML file in that directory', `cat > ${directory}/demo.yaml`);
  say(indented(manifest));
  writeFileSync(join(directory, 'demo.yaml'), manifest);
  heading('3. The controller sees the file, makes a VM, and runs the session there');
  const end = await showPhases();
  heading('4. Status and output are in the resource', `cat ${resource}`);
  say(indented(readFileSync(resource, 'utf8')));
  if (end !== 'Completed') throw new Error(`the session ended as ${end}, not as Completed`);
} catch (error) {
  say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  say(`The controller's log: ${join(directory, '.berth', 'controller.log')}`);
  process.exitCode = 1;
} finally {
  heading('5. The controller stops; what it kept is in files', 'berth down');
  // Nothing may be left running, also after a failure: sessions would go on without a controller.
  if (process.exitCode === 1) berth('kill', '--all', '--force', '--timeout', '20s');
  if (berth('down') !== 0) process.exitCode = 1;
}
if (process.exitCode !== 1) sayWhatNext();

async function showPhases(): Promise<string> {
  const started = performance.now();
  for (let before = ''; performance.now() - started < PATIENCE_MS && !interrupted; await delay(POLL_MS)) {
    const { status } = look();
    const now = `${status?.phase ?? ''}${status?.vm ? ` on VM ${status.vm.name}` : ''}`;
    if (now !== before && now !== '') say(`  ${((performance.now() - started) / 1000).toFixed(1).padStart(4)} s  ${now}`);
    before = now;
    if (status?.phase !== undefined && /^(Completed|Failed|Killed)$/.test(status.phase)) return status.phase;
  }
  throw new Error(interrupted ? 'interrupted' : `the session did not end within ${PATIENCE_MS / 1000} s`);
}

/** The resource as it is now; nothing where the controller has not seen the file yet. */
function look(): Seen {
  return existsSync(resource) ? (parse(readFileSync(resource, 'utf8')) as Seen) : {};
}

function berth(...words: readonly string[]): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { env, encoding: 'utf8' });
  say(indented(stdout + stderr));
  return status ?? 1;
}

function sayWhatNext(): void {
  say(`
It works. Go on with it, in this folder:

  export BERTH_STORE=dir:${directory}
  alias berth=${program}

  berth start -- bash -c 'echo hello; sleep 30'    # a session from the command line
  berth list
  berth status
  berth output demo
  berth down

Run an agent the same way: berth start "create a simple hello world Python script"
(the VM is this machine: amplihack, or with --agent claude, codex or copilot that one, has to be installed).`);
}

function heading(title: string, command?: string): void {
  say(`\n${title}${command === undefined ? '' : `\n  $ ${command}`}`);
}

function indented(text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, '    ');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
