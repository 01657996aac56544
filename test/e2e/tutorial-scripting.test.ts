// The tutorial's chapter 6 and its best practices, typed into a terminal as printed: JSON, jq, a script in a loop, and xargs.
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../runner/skip.ts';
import { idsIn, normalise, VM } from './normalise.ts';
import { openUserWorld, type UserWorld } from './world.ts';

const script = `#!/bin/bash
# monitor-sessions.sh

while true; do
    RUNNING=$(amplihack remote list --json | jq '.sessions | map(select(.status == "running")) | length')
    echo "$(date): $RUNNING sessions running"

    if [ "$RUNNING" -eq 0 ]; then
        echo "All sessions completed!"
        break
    fi

    sleep 60
done
`;
const cleanUp = "amplihack remote list --status completed | grep sess- | cut -d' ' -f1 | xargs -n1 amplihack remote kill";

const test = suite('tutorial 6: scripts');
let world: UserWorld;
let ids: readonly string[];

test.before(async () => {
  world = await openUserWorld();
  await world.tell('hold', '2');
  const started = await world.run('amplihack', 'remote', 'start', 'create a simple hello world Python script', 'another');
  ids = idsIn(started.out);
});
test.after(() => world.close());

if (spawnSync('jq', ['--version']).status !== 0) skip('tutorial 6: scripts', 'jq is not installed');
else {
  test('list --json has the documented keys and values', async () => {
    const { out } = await world.run('amplihack', 'remote', 'list', '--json');
    const [first, second, ...more] = (JSON.parse(out) as { readonly sessions: readonly Readonly<Record<string, unknown>>[] }).sessions;
    assert.equal(more, []);
    assert.equal(Object.keys(first ?? {}), ['session_id', 'vm_name', 'status', 'prompt', 'created_at', 'age_minutes', 'awaiting_input']);
    const { created_at, ...others } = first ?? {};
    assert.match(String(created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(others, {
      session_id: ids[0],
      vm_name: 'default-0',
      status: 'running',
      prompt: 'create a simple hello world Python script',
      age_minutes: 0,
      awaiting_input: false,
    });
    assert.is(second?.session_id, ids[1]);
  });

  test('list --json and status --json print as jq does', async () => {
    for (const command of ['list', 'status']) {
      const { out } = await world.run('amplihack', 'remote', command, '--json');
      const { screen } = await (await world.terminal()).run(`amplihack remote ${command} --json | jq .`);
      assert.is(out.trimEnd(), screen);
    }
  });

  test('status --json has the documented keys and values', async () => {
    const { out } = await world.run('amplihack', 'remote', 'status', '--json');
    assert.equal(JSON.parse(normalise(out)), {
      total_vms: 1,
      total_capacity: 4,
      active_sessions: 2,
      available_capacity: 2,
      vms: [{ name: VM, size: 'l', size_name: 'l', region: 'local', capacity: 4, active_sessions: 2, available_capacity: 2 }],
    });
  });

  test('monitor-sessions.sh sees them end, and ends', async () => {
    await writeFile(join(world.home, 'monitor-sessions.sh'), script.replace('sleep 60', 'sleep 1'));
    const terminal = await world.terminal();
    await terminal.begin('bash monitor-sessions.sh');
    await terminal.shows(/: 2 sessions running/);
    await world.tell('hold', undefined);
    const { screen, code } = await terminal.prompt();
    assert.is(code, 0);
    assert.match(screen, /: 0 sessions running\nAll sessions completed!$/);
  });

  test('the clean-up line passes over what has completed', async () => {
    const { screen, code } = await (await world.terminal()).run(cleanUp);
    assert.is(code, 0);
    assert.is(screen, ids.map((id) => `Killing session: ${id}\n  Already completed.\nStatus unchanged: completed`).join('\n'));
    const left = await Promise.all(ids.map((id) => world.session(id)));
    assert.equal(
      left.map((session) => session?.status?.phase),
      ['Completed', 'Completed'],
    );
  });
}

test('what is not remote is still amplihack', async () => {
  const { out, code } = await world.run('amplihack', 'launch');
  assert.is(code, 64);
  assert.match(out, 'Error: expected amplihack claude --auto');
});

test.run();
