// The tutorial's chapter 5, typed into a terminal as printed: a task that goes on while its terminal, and the controller, are gone.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './eventually.ts';
import { ID, idsIn, normalise } from './normalise.ts';
import { openUserWorld } from './world.ts';

const prompt = 'comprehensive refactoring of authentication system with full test coverage';
const start = `amplihack remote start --vm-size l --max-turns 50 \\
  "${prompt}"`;
const listed = (status: string) => `${ID}   amplihack-azureuser-20251202... ${status}2m      comprehensive refacto...`;

const test = suite('tutorial 5: overnight');

test('a task ends in the night and is reviewed in the morning', async () => {
  const world = await openUserWorld();
  try {
    await world.tell('hold', '3');
    await world.tell('pull-request', '789');
    const evening = await world.terminal();
    const [id = ''] = idsIn((await evening.run(start)).screen);
    assert.is(normalise((await evening.run('amplihack remote list')).screen).split('\n')[1], listed('running   '));
    await world.prints(id, 'Step 2:');

    // The lid closes: the window is gone, and the controller dies without a word.
    await evening.close();
    const controller = await world.controllerPID();
    process.kill(controller, 'SIGKILL');
    await world.tell('hold', undefined);
    await eventually(async () => ((await world.run('pgrep', '-f', `${world.root}.* supervise `)).out === '' ? true : undefined));
    assert.is((await world.session(id))?.status?.phase, 'Running', 'nobody was there to write its end down');

    const morning = await world.terminal();
    const list = await morning.run('amplihack remote list');
    assert.match(list.screen, /^No controller was running: started one in the background/);
    assert.is(normalise(list.screen).split('\n').at(-1), listed('completed  '));
    await morning.run(`amplihack remote output ${id} --lines 1000 > overnight-results.txt`);
    const results = await readFile(join(world.home, 'overnight-results.txt'), 'utf8');
    assert.equal(
      results.match(/^Step \d+/gm),
      Array.from({ length: 21 }, (_, index) => `Step ${index + 1}`),
    );
    const pr = await morning.run('grep "PR #" overnight-results.txt');
    assert.is(pr.screen, 'PR #789 ready for merge: https://github.com/user/repo/pull/789');
    assert.equal((await world.started(id)).argv, ['amplihack', 'claude', '--auto', '--max-turns', '50', '--', '-p', prompt]);
    const { status, spec } = (await world.session(id)) ?? {};
    assert.is(status?.results?.pullRequestURL, 'https://github.com/user/repo/pull/789');
    assert.equal(status?.launch, { agent: 'amplihack', mode: 'auto', maxTurns: 50 });
    assert.is(spec?.size, 'l');
  } finally {
    await world.close();
  }
});

test.run();
