// The contract of hosts, for every implementation. `open` gives hosts connected to one VM, and programs that behave as named.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Hosts, type LaunchSpec, type RunFacts, runKey } from '../../controller/session/host.ts';

export type Behaviour = 'prints hello and exits 3' | 'runs until stopped' | 'asks, then exits 0';

export interface HostWorld {
  readonly hosts: Hosts;
  readonly vmUID: string;
  spec(behaviour: Behaviour): LaunchSpec;
  close(): Promise<void>;
}

export const testHosts = (name: string, open: () => Promise<HostWorld>): void => {
  const test = suite(`host contract: ${name}`);
  const signal = AbortSignal.timeout(120_000);
  const changes: (string | undefined)[] = [];
  let world: HostWorld;
  test.before(async () => {
    world = await open();
    world.hosts.onChange((_vmUID, session) => changes.push(session?.uid));
    await until(() => host().facts().state === 'reachable');
  });
  test.after(() => world.close());

  const host = () => {
    const found = world.hosts.get(world.vmUID);
    if (!found) throw new Error('the host is not open');
    return found;
  };
  const until = async (reached: () => boolean): Promise<void> => {
    for (; !reached(); await new Promise((resolve) => setTimeout(resolve, 10))) signal.throwIfAborted();
  };
  const facts = (spec: LaunchSpec): RunFacts | undefined => host().facts().runs.get(runKey(spec));
  const ended = async (spec: LaunchSpec): Promise<RunFacts | undefined> => {
    await until(() => facts(spec)?.exit !== undefined && facts(spec)?.copied.bytes === facts(spec)?.logBytes);
    return facts(spec);
  };

  test('a launched run is in the facts at once, and ends with its log copied', async () => {
    const spec = world.spec('prints hello and exits 3');
    await host().launch(spec, signal);
    assert.ok(facts(spec));
    const found = await ended(spec);
    assert.equal([found?.state, found?.exit?.cause, found?.exit?.code, found?.copied.tail], ['ended', 'exited', 3, 'hello\n']);
    assert.ok(changes.includes(spec.uid));
  });

  test('launching again changes nothing', async () => {
    const spec = world.spec('prints hello and exits 3');
    await Promise.all([host().launch(spec, signal), host().launch(spec, signal)]);
    await ended(spec);
    await host().launch(spec, signal);
    assert.is((await ended(spec))?.copied.tail, 'hello\n');
  });

  test('a stop ends a run by its signal; stopping what is not there is fine', async () => {
    const spec = world.spec('runs until stopped');
    await host().launch(spec, signal);
    await until(() => facts(spec)?.state === 'running');
    await host().stop(spec, 'Immediate', signal);
    const found = await ended(spec);
    assert.equal([found?.exit?.signal, found?.stopping], [9, 'Immediate']);
    await host().stop(spec, 'Immediate', signal);
    await host().stop({ uid: 'unknown', attempt: 1 }, 'Graceful', signal);
  });

  test('a stop that comes after the end leaves no trace', async () => {
    const spec = world.spec('prints hello and exits 3');
    await host().launch(spec, signal);
    await ended(spec);
    await host().stop(spec, 'Graceful', signal);
    assert.is(facts(spec)?.stopping, undefined);
  });

  test('a run that asks is waiting until it is answered, once', async () => {
    const spec = world.spec('asks, then exits 0');
    await host().launch(spec, signal);
    await until(() => facts(spec)?.waiting !== undefined);
    await host().type(spec, { id: 'a', text: 'yes' }, signal);
    await host().type(spec, { id: 'a', text: 'yes' }, signal);
    const found = await ended(spec);
    assert.equal([found?.exit?.code, found?.deliveredIDs, found?.waiting], [0, ['a'], undefined]);
  });

  test('a cleaned run is gone from the facts', async () => {
    const spec = world.spec('prints hello and exits 3');
    await host().launch(spec, signal);
    await ended(spec);
    await host().clean(spec, signal);
    await until(() => facts(spec) === undefined);
    await host().clean(spec, signal);
  });

  test('a closed host is not there', () => {
    world.hosts.close(world.vmUID);
    assert.is(world.hosts.get(world.vmUID), undefined);
  });

  test.run();
};
