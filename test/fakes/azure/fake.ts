// The fake put together: world, clock, timers, backing. It knows no HTTP; server.ts does.
import type { Azure } from './azure.ts';
import type { Backing, VirtualMachine } from './backing/backing.ts';
import { chaosEvent } from './chaos.ts';
import { createClock } from './clock.ts';
import { timerEvent } from './guest-timers.ts';
import { removeGroup } from './resources/groups.ts';
import { removeSettled, settle } from './resources/network.ts';
import { shutdownEvent } from './shutdown.ts';
import { createTimers, type Event, type Timers } from './timers.ts';
import { removeChild } from './vm-children.ts';
import { failEvent, machineEvent } from './vm-machine.ts';
import { evict, reachableAddress } from './vm-power.ts';
import type { World } from './world.ts';

export interface Fake extends Azure {
  readonly timers: Timers;
  /** Time moves on in steps: what comes due on the way happens at its own time, and what that runs has ended before the next. */
  readonly advance: (ms: number) => Promise<void>;
}

export const createFake = (world: World, backing: Backing): Fake => {
  const clock = createClock(world.clock);
  const happen = (event: Event): void => {
    switch (event.kind) {
      case 'machine':
        machineEvent(fake, event);
        break;
      case 'child':
        removeChild(fake, event.id);
        break;
      case 'settle':
        settle(fake, event.id, event.operation);
        break;
      case 'remove':
        removeSettled(fake, event.id, event.operation);
        break;
      case 'removeGroup':
        removeGroup(fake, event.id, event.operation);
        break;
      case 'evict':
        evict(fake, event.id);
        break;
      case 'schedule':
        shutdownEvent(fake, event.id, event.time);
        break;
      case 'timer':
        timerEvent(fake, event);
        break;
      case 'chaos':
        chaosEvent(fake);
        break;
      case 'fail':
        failEvent(fake, event.operation);
        break;
    }
  };
  const timers = createTimers(world, clock.now, happen);
  const advance = async (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    for (let first = world.timers[0]; first && first.at <= end; first = world.timers[0]) {
      clock.advance(Math.max(0, first.at - clock.now()));
      timers.run();
      // One whose time comes while another runs is waited for as well.
      while (fake.running.size > 0) await Promise.all(fake.running);
    }
    clock.advance(Math.max(0, end - clock.now()));
    timers.run();
  };
  const fake: Fake = { world, clock, backing, after: timers.after, timers, booting: new Map(), running: new Set(), advance };
  return fake;
};

/** After a restart: the machines that ran have their sshd again, with the disk they had, and what waited for it comes. */
export const reviveMachines = async (fake: Fake): Promise<void> => {
  for (const resource of fake.world.resources.values()) {
    if (resource.machine?.power !== 'running') continue;
    const vm = resource as VirtualMachine;
    const address = reachableAddress(fake, vm);
    if (address === undefined || vm.machine.guest.sshRefused || vm.machine.guest.bootFails) continue;
    await fake.backing.start(vm, address);
    fake.after(0, { kind: 'machine', step: 'agent', id: vm.id.toLowerCase(), operation: vm.machine.operation });
  }
};
