import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Session, VMPool } from '../../controller/api/types.generated.ts';
import { errorLine } from '../../controller/store/schema/error.ts';
import { admit } from '../../controller/store/schema.ts';
import { readManifests } from '../../controller/store/yaml/read-manifests.ts';

const folder = new URL('../../manifests/examples/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

interface Example {
  readonly file: string;
  readonly text: string;
  readonly sessions: readonly Session['spec'][];
  readonly pools: readonly VMPool['spec'][];
  readonly names: readonly string[];
}

function read(file: string): Example {
  const text = readFileSync(new URL(file, folder), 'utf8');
  const manifests = readManifests(text);
  if ('problem' in manifests)
    throw new Error(`${file}:${manifests.problem.line}:${manifests.problem.column}: ${manifests.problem.message}`);
  const sessions: Session['spec'][] = [];
  const pools: VMPool['spec'][] = [];
  const names: string[] = [];
  for (const { value } of manifests.documents) {
    assert.is(value.apiVersion, 'berth.dev/v1alpha1');
    const admission = value.kind === 'VMPool' ? admit('VMPool', value) : admit('Session', value);
    if ('errors' in admission) throw new Error(`${file}: ${admission.errors.map(errorLine).join('\n')}`);
    names.push(`${value.kind} ${admission.object.metadata.name}`);
    if ('provider' in admission.object.spec) pools.push(admission.object.spec);
    else sessions.push(admission.object.spec);
  }
  return { file, text, sessions, pools, names };
}

const test = suite('examples');
const example = (file: string): Example => read(`${file}.yaml`);

for (const file of files) {
  test(`${file} is valid, and says at its top what it shows`, () => {
    const { text, names } = read(file);
    assert.match(text, /^# \S.{20,}/);
    assert.ok(names.length > 0);
  });
}

test('no two examples define the same object, so that all can lie in one directory', () => {
  const names = files.flatMap((file) => read(file).names);
  assert.equal([...new Set(names)], names);
});

/** Each example shows what its name says. */
const SHOWS: Readonly<Record<string, (one: Example) => boolean>> = {
  hello: ({ sessions: [it] }) => it?.command !== undefined && it.prompt === undefined && it.poolRef?.name === 'default',
  claude: ({ sessions: [it] }) => it?.agent === 'claude' && it.maxTurns === 20,
  'amplihack-mode': ({ sessions: [it] }) => it?.agent === 'amplihack' && it.mode === 'ultrathink' && it.prompt?.includes('\n\n- ') === true,
  'env-and-secret': ({ sessions: [it] }) => it?.env?.[0]?.value === '1' && it.env[1]?.secretRef?.key === 'api-key',
  'git-source': ({ sessions: [it] }) => it?.source?.git?.ref === 'main' && it.source.git.secretRef?.name === 'github',
  'priority-deadline-retries': ({ sessions: [it] }) => it?.priority === 100 && it.activeDeadlineSeconds === 7200 && it.retryLimit === 2,
  'local-pool': ({ pools: [it], sessions: [session] }) => it?.provider.local?.bootSeconds === 5 && session?.poolRef?.name === 'workstation',
  'warm-slots': ({ pools: [it] }) => it?.warmSlots === 4 && it.minVMs === 1,
  budget: ({ pools: [it] }) => it?.budget?.maxHourlyUSD === '10.00',
  'azure-pool': ({ pools: [it] }) => it?.provider.azure?.regions.length === 2 && it.provider.azure.deadMansSwitchSeconds === 3600,
  'ssh-pool': ({ pools: [it] }) => it?.provider.ssh?.hosts[1]?.port === 2222 && it.provider.ssh.hosts[1]?.slots === 6,
  'send-input': ({ sessions: [it] }) => it?.input?.[0]?.text === 'Ada',
  several: ({ sessions }) => sessions.length === 3,
};

test('every example shows what it is named after', () => {
  assert.equal(Object.keys(SHOWS).sort(), files.map((file) => file.replace('.yaml', '')).sort());
  for (const [name, shows] of Object.entries(SHOWS)) assert.ok(shows(example(name)), name);
});

test.run();
