// A controller of a cluster with nothing to do: what it asks of the API server.
import { setTimeout as delay } from 'node:timers/promises';
import { createAll } from '../fakes/kube/apply.ts';
import { fillStanding, POOL } from './cluster-scale.ts';
import { between, isWrite, openClusterBench, sum } from './cluster-world.ts';
import type { Bench } from './figure.ts';
import { untilCalm, usage } from './process-usage.ts';

const VMS = 250;
const WATCHED_MS = 120_000;

export const clusterIdle: Bench = async (scale) => {
  const vms = Math.max(1, Math.round(VMS * scale));
  const bench = await openClusterBench();
  try {
    await createAll(bench.api, [POOL]);
    const controller = await bench.start(await fillStanding(bench, vms));
    await untilCalm(controller.pid);
    const [before, cpuBefore] = [await bench.requests(), await usage(controller.pid)];
    const watchedMs = Math.max(3_000, WATCHED_MS * scale);
    await delay(watchedMs);
    const [after, cpuAfter] = [await bench.requests(), await usage(controller.pid)];
    await controller.stop();
    const requests = between(before, after, (what) => !/^(GET|WATCH) (|customresourcedefinitions)$/.test(what));
    const fixture = `${vms * 4} running sessions on ${vms} VMs, ${watchedMs / 1000} s`;
    const cpu = ((cpuAfter.cpuMs - cpuBefore.cpuMs) / watchedMs) * 100;
    return [
      { figure: 'cluster-idle: writes', value: sum(between(before, after, isWrite)), unit: 'writes', aim: 0, fixture },
      { figure: 'cluster-idle: requests a minute', value: (sum(requests) * 60_000) / watchedMs, unit: 'requests', fixture, requests },
      { figure: 'cluster-idle: CPU', value: cpu, unit: '%', fixture },
    ];
  } finally {
    await bench.close();
  }
};
