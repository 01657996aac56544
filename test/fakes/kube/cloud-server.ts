// A cloud in the test's own process, for controllers in theirs: machines by VM object, runs with a claim an attempt, and a
// journal of every call: who made it, when it was begun there, and when it arrived here.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { timestamp } from '../../../controller/api/clock.ts';
import type { Machine } from '../../../controller/provider/provider.ts';
import { type RunFacts, type RunID, runKey } from '../../../controller/session/host.ts';

export type CloudCall = { readonly pid: number; readonly begunAt: number } & (
  | { readonly what: 'list' }
  | { readonly what: 'create' | 'delete'; readonly vmUID: string }
  | { readonly what: 'launch' | 'refuse'; readonly vmUID: string; readonly run: Pick<RunFacts, 'uid' | 'attempt' | 'session'> }
  | { readonly what: 'stop' | 'clean'; readonly vmUID: string; readonly run: RunID }
);

/** Of one VM's runs, as controllers follow them; `run` undefined: it was cleaned. */
export interface RunNews {
  readonly vmUID: string;
  readonly key: string;
  readonly run: RunFacts | undefined;
}

export interface CloudServer {
  readonly url: string;
  /** All but the listings. */
  readonly calls: readonly (CloudCall & { readonly arrivedAt: number })[];
  /** Made, ever: VM object uids; one that is there twice was made twice. */
  readonly made: readonly string[];
  readonly machines: ReadonlyMap<string, Machine>;
  /** Programs that were really started, by run key. */
  readonly started: readonly string[];
  /** Called before a call has its effect: what it waits for holds the effect back. */
  hold: (call: CloudCall) => Promise<void> | undefined;
  /** How long programs run. */
  runMs: number;
  close(): Promise<void>;
}

interface World {
  readonly machines: Map<string, Machine>;
  readonly made: string[];
  readonly started: string[];
  readonly runs: Map<string, RunNews & { readonly run: RunFacts }>;
  /** What is started or refused once never starts again, also after it was cleaned: as on a real VM. */
  readonly claimed: Set<string>;
  runMs: number;
  tell(news: RunNews): void;
}

export const startCloudServer = async (): Promise<CloudServer> => {
  const followers = new Set<ServerResponse>();
  const calls: (CloudCall & { readonly arrivedAt: number })[] = [];
  const runs: World['runs'] = new Map();
  const world: World = {
    machines: new Map(),
    made: [],
    started: [],
    runs,
    claimed: new Set(),
    runMs: 200,
    tell: (news) => {
      if (news.run === undefined) runs.delete(news.key);
      else runs.set(news.key, { ...news, run: news.run });
      for (const follower of followers) follower.write(`${JSON.stringify(news)}\n`);
    },
  };
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      followers.add(response);
      response.on('close', () => followers.delete(response));
      // The empty line says that this is all there was.
      response.write(`${[...runs.values()].map((news) => `${JSON.stringify(news)}\n`).join('')}\n`);
      return;
    }
    const answer = async (): Promise<void> => {
      const call = (await json(request)) as CloudCall;
      if (call.what !== 'list') calls.push({ ...call, arrivedAt: Date.now() });
      await cloud.hold(call);
      response.end(JSON.stringify(carryOut(world, call)));
    };
    answer().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cloud: CloudServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    made: world.made,
    machines: world.machines,
    started: world.started,
    hold: () => undefined,
    get runMs() {
      return world.runMs;
    },
    set runMs(ms) {
      world.runMs = ms;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return cloud;
};

const carryOut = (world: World, call: CloudCall): unknown => {
  switch (call.what) {
    case 'list':
      return [...world.machines.values()];
    case 'create':
      if (!world.machines.has(call.vmUID)) {
        world.made.push(call.vmUID);
        world.machines.set(call.vmUID, machineOf(call.vmUID));
      }
      return null;
    case 'delete':
      world.machines.delete(call.vmUID);
      return null;
    case 'launch':
      if (!world.machines.has(call.vmUID)) throw new Error('no such machine');
      if (!isClaimed(world, call.run)) start(world, call.vmUID, call.run);
      return known(world, call.run);
    case 'refuse':
      if (!isClaimed(world, call.run)) end(world, call.vmUID, { ...factsOf(call.run), state: 'preparing' }, 'refused');
      return known(world, call.run);
    case 'stop': {
      const stopped = world.runs.get(runKey(call.run));
      if (stopped?.run.state === 'running') end(world, call.vmUID, stopped.run, 'exited');
      return null;
    }
    case 'clean':
      world.tell({ vmUID: call.vmUID, key: runKey(call.run), run: undefined });
      return null;
  }
};

const isClaimed = ({ claimed }: World, run: RunID): boolean => {
  const isKnown = claimed.has(runKey(run));
  claimed.add(runKey(run));
  return isKnown;
};

const known = ({ runs }: World, run: RunID): RunNews => {
  const found = runs.get(runKey(run));
  if (found === undefined) throw new Error('this attempt has ended and its files are removed');
  return found;
};

const machineOf = (vmUID: string): Machine => ({
  id: `machine-of-${vmUID}`,
  vmUID,
  state: 'running',
  createdTime: timestamp(Date.now()),
  region: 'local',
  hourlyUSD: '0',
});

const factsOf = (run: Pick<RunFacts, 'uid' | 'attempt' | 'session'>): Omit<RunFacts, 'state'> => ({
  ...run,
  startTime: timestamp(Date.now()),
  logBytes: 0,
  copied: { bytes: 0, lines: 0, truncated: false, tail: '' },
  deliveredIDs: [],
});

const start = (world: World, vmUID: string, claim: Pick<RunFacts, 'uid' | 'attempt' | 'session'>): void => {
  const key = runKey(claim);
  const run: RunFacts = { ...factsOf(claim), state: 'running' };
  world.started.push(key);
  world.tell({ vmUID, key, run });
  setTimeout(() => {
    if (world.runs.get(key)?.run.state === 'running') end(world, vmUID, run, 'exited');
  }, world.runMs).unref();
};

const end = (world: World, vmUID: string, run: RunFacts, cause: 'exited' | 'refused'): void => {
  const exit = { cause, endTime: timestamp(Date.now()), ...(cause === 'exited' ? { code: 0 } : { message: 'it was refused' }) };
  world.tell({ vmUID, key: runKey(run), run: { ...run, state: 'ended', exit } });
};
