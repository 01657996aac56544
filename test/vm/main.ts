// `npm run test:vm`: Berth's whole way to a machine of Azure and through its life, where the machine is a Linux that boots. Only
// Resource Manager is a stand-in (test/fakes/azure); customData, cloud-init, sshd, systemd and the kernel's limits are real.
// Takes minutes. Prints what each stage showed, and the counts as its last line.
import { imageFolder, missingTools } from './image.ts';
import { STAGES } from './stages.ts';
import { openMachineWorld } from './world.ts';

// The machine and all else that was started end with us, however that comes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const reason = missingTools();
if (reason === undefined) await main();
else process.stdout.write(`skipped: a booted machine: ${reason}\n0 passed, 0 failed, 1 skipped\n`);

async function main(): Promise<void> {
  const began = performance.now();
  const { folder, builtSeconds } = imageFolder();
  say(builtSeconds === undefined ? `image: ${folder} (kept from before)` : `image: ${folder}, built in ${builtSeconds.toFixed(0)} s`);
  const world = await openMachineWorld(folder);
  let passed = 0;
  let problem: unknown;
  try {
    for (const { title, run } of STAGES) {
      const stageBegan = performance.now();
      say(`\n${title}`);
      await run(world, (line) => say(`  ${line}`)).catch((error: unknown) => {
        problem = error;
      });
      if (problem !== undefined) break;
      passed++;
      say(`  ok, ${seconds(stageBegan)}`);
    }
    if (problem !== undefined) say(`  FAILED: ${problem instanceof Error ? problem.stack : problem}\n${await world.troubles()}`);
  } finally {
    await world.close();
  }
  say(`\nwhole run: ${seconds(began)}`);
  say(`${passed} passed, ${problem === undefined ? 0 : 1} failed, ${STAGES.length - passed - (problem === undefined ? 0 : 1)} skipped`);
  process.exitCode = problem === undefined ? 0 : 1;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
