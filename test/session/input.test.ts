// Talking to a run: what it waits for, and what is typed into its terminal.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openVMWorld, until, type VMWorld } from './vm-world.ts';

const test = suite('input of a run');
let world: VMWorld;
test.before(async () => {
  world = await openVMWorld();
});
test.after(() => world.close());

const signal = () => AbortSignal.timeout(10_000);
const waiting = (uid: string) => until(() => world.facts(uid)?.waiting);

test('a program that reads its terminal waits with its last line as the question', async () => {
  const uid = await world.launch('printf "\\033[1mWhich auth?\\033[0m "; read a; echo "got:$a"; sleep 0.5');
  assert.is((await waiting(uid)).question, 'Which auth?');
  await world.host().type({ uid, attempt: 1 }, { id: 'q1', text: 'use OAuth; $(rm) "quoted" ü' }, signal());
  await until(() => (world.facts(uid)?.deliveredIDs.length ? true : undefined));
  const facts = await world.ended(uid);
  assert.is(facts.waiting, undefined);
  assert.equal(facts.deliveredIDs, ['q1']);
  assert.match((await world.log(uid)).toString(), 'got:use OAuth; $(rm) "quoted" ü\n');
});

test('a program may say itself that it waits', async () => {
  const uid = await world.launch(
    'echo "Deploy now?" > "$BERTH_WAITING_FILE"; while test -s "$BERTH_WAITING_FILE"; do sleep 0.1; done; sleep 60',
  );
  assert.is((await waiting(uid)).question, 'Deploy now?');
  await world.host().type({ uid, attempt: 1 }, { id: 'yes', text: 'y' }, signal());
  await until(() => (world.facts(uid)?.waiting === undefined ? true : undefined));
});

test('each input is typed once, in order, however often it is asked for', async () => {
  const uid = await world.launch('for i in 1 2 3; do read a; echo "<$a>"; done; read -t 0.5 more && echo "more $more"; exit 0');
  for (const id of ['a', 'b', 'a', 'c', 'b']) await world.host().type({ uid, attempt: 1 }, { id, text: `text ${id}` }, signal());
  await Promise.all(Array.from({ length: 5 }, () => world.host().type({ uid, attempt: 1 }, { id: 'c', text: 'text c' }, signal())));
  const { deliveredIDs } = await world.ended(uid);
  assert.equal(deliveredIDs, ['a', 'b', 'c']);
  assert.is((await world.log(uid)).toString(), '<text a>\n<text b>\n<text c>\n');
});

test('input for a run that ended does nothing', async () => {
  const uid = await world.launch('true');
  await world.ended(uid);
  await world.host().type({ uid, attempt: 1 }, { id: 'late', text: 'x' }, signal());
  assert.equal(world.facts(uid)?.deliveredIDs, []);
});

test.run();
