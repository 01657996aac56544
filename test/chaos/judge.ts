// Holds what Berth says of a session, and what it kept of its output, against what the session's program wrote down.
import type { Session } from '../../controller/api/types.generated.ts';
import type { RealWorld } from '../e2e/real-world.ts';
import { processesWith, until } from '../session/vm-world.ts';
import type { Talker } from './talkers.ts';

export interface Judgement {
  readonly what: string;
  readonly problems: readonly string[];
  readonly lines?: number;
}

export const judge = async (world: RealWorld, talker: Talker, session: Session): Promise<Judgement> => {
  const { status } = session;
  const [starts, lines] = await Promise.all([talker.starts(), talker.lines()]);
  const phase = talker.exitCode === 0 ? 'Completed' : 'Failed';
  const expected: readonly (readonly [string, unknown, unknown])[] = [
    ['starts of its command', starts, 1],
    ['attempt', status?.attempt, 1],
    ['exit code', status?.exitCode, talker.exitCode],
    ['phase', status?.phase, phase],
    ['lines in its status', status?.output?.lines, lines],
    ['truncated', status?.output?.truncated, false],
  ];
  const wrong = expected
    .filter(([, found, wanted]) => found !== wanted)
    .map(([of, found, wanted]) => `${of}: ${found} instead of ${wanted}`);
  const inLog = lines === undefined ? ['it did not come to its end'] : await compareLog(world, session, talker.width, lines);
  const why = wrong.length > 0 && status?.message ? [`(${status.reason}: ${status.message})`] : [];
  return { what: talker.name, problems: [...wrong, ...why, ...inLog], lines: lines ?? 0 };
};

/** Exactly these lines, in this order, and nothing else: read in pieces, as a log may be large. */
const compareLog = async (world: RealWorld, session: Session, width: number, lines: number): Promise<readonly string[]> => {
  const filling = 'x'.repeat(width);
  let rest = '';
  let number = 0;
  for await (const chunk of world.client.log(session).read(0)) {
    const parts = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      number += 1;
      if (line !== `${number} ${filling}`) return [`line ${number} of its log is ${JSON.stringify(line.slice(0, 60))}`];
    }
  }
  if (rest !== '') return [`its log ends with ${JSON.stringify(rest.slice(0, 60))}`];
  return number === lines ? [] : [`its log has ${number} lines instead of ${lines}`];
};

const GONE_WITHIN_MS = 10_000;
const SLOTS_OF_A_VM = 4;

/** After the controller has stopped: what is still there. */
export const judgeRest = async (world: RealWorld, sessions: number): Promise<readonly Judgement[]> => {
  const left = async () => (await processesWith(world.root)).filter((pid) => pid !== process.pid);
  const processes = await until(async () => ((await left()).length === 0 ? [] : undefined), GONE_WITHIN_MS).catch(left);
  const vms = await world.client.list('VM');
  const machines = await world.machines();
  const known = new Set(vms.map(({ metadata }) => metadata.uid));
  const stray = machines.filter((uid) => !known.has(uid));
  const most = Math.min(10, Math.ceil(sessions / SLOTS_OF_A_VM));
  return [
    { what: 'no process is left', problems: processes.map((pid) => `process ${pid} still runs`) },
    { what: 'every machine belongs to a VM of the pool', problems: stray.map((uid) => `machine ${uid} has no VM object`) },
    { what: 'no more VMs than the sessions needed', problems: vms.length <= most ? [] : [`${vms.length} VMs instead of ${most} at most`] },
  ];
};
