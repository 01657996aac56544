// The switch in each simulated machine: looks once a minute, as the real one does, for a controller that is heard and for
// sessions that run, and deallocates its own machine by the times it was given at its first boot.
import type { Cloud, CloudMachine } from '../fakes/cloud.ts';
import type { Timeline } from '../fakes/timeline.ts';

export interface SwitchParts {
  readonly timeline: Timeline;
  readonly cloud: Cloud;
  readonly fires: (machine: CloudMachine, silentMs: number) => void;
}

export const LOOK_MS = 60_000;

/** Once for each machine, when its first boot is over. */
export const armSwitch = (machine: CloudMachine, { timeline, cloud, fires }: SwitchParts): void => {
  const { idleSeconds, maxSeconds } = machine.deadMansSwitch;
  machine.heardAt = timeline.elapsed();
  const look = (): void => {
    if (machine.state !== 'running') return;
    if ([...machine.hearts].some((beats) => beats())) machine.heardAt = timeline.elapsed();
    const silentMs = timeline.elapsed() - machine.heardAt;
    if (silentMs < idleSeconds * 1000 || (silentMs < maxSeconds * 1000 && isBusy(machine))) return void timeline.at(LOOK_MS, look);
    fires(machine, silentMs);
    cloud.powerOff(machine, 'deallocated');
  };
  timeline.at(LOOK_MS, look);
};

export const isBusy = (machine: CloudMachine): boolean => [...machine.runs.all.values()].some((run) => run.state !== 'ended');
