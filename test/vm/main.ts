// `npm run test:vm`: Berth's whole way to a machine of Azure and through its life, where the machine is a Linux that boots. Only
// Resource Manager is a stand-in (test/fakes/azure); customData, cloud-init, sshd, systemd and the kernel's limits are real.
// Takes minutes. Prints what each stage showed, and the counts as its last line.
import { imageFolder, unmetNeed } from './image.ts';
import { STAGES } from './stages.ts';
import { openMachineWorld } from './world.ts';

// The machine and all else that was started end with us, however that comes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const reason = await unmetNeed();
if (reason === undefined) await main();
else process.stdout.write(`skipped: a booted machine: ${reason}\n0 passed, 0 failed, 1 skipped\n`);

async function main(): Promise<void> {
  const began = performance.now();
  const { folder, builtSeconds } = imageFolder();
  say(builtSeconds === undefined ? `image: ${folder} (kept from before)` : `image: ${folder}, built in ${builtSeconds.toFixed(0)} s`);
  const world = await openMachineWorld(folder);
  let [passed, failed] = [0, 0];
  try {
    for (const { title, needed, run } of STAGES) {
      const stageBegan = performance.now();
      say(`\n${title}`);
      try {
        await run(world, (line) => say(`  ${line}`));
        passed++;
        say(`  ok, ${seconds(stageBegan)}`);
      } catch (error) {
        failed++;
        say(`  FAILED after ${seconds(stageBegan)}: ${error instanceof Error ? error.stack : error}`);
        if (!needed) continue;
        say(await world.troubles());
        break;
      }
    }
  } finally {
    await world.close();
  }
  say(`\nwhole run: ${seconds(began)}`);
  say(`${passed} passed, ${failed} failed, ${STAGES.length - passed - failed} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
