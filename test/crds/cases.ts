// The table of good and bad resources that a real API server's answers were recorded for (test/crds/record.ts), and that
// the directory store must answer in the same words.
import type { Kind } from '../../controller/api/object.ts';

export interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly metadata?: unknown;
  readonly spec: unknown;
  /** What is stored when `spec` comes as an update. */
  readonly old?: unknown;
}

const long = (length: number, char = 'x'): string => char.repeat(length);
const git = (url: unknown, more: object = {}): object => ({ prompt: 'p', source: { git: { url, ...more } } });
const local = { type: 'Local' };
const pool = (more: object): object => ({ provider: local, sizes: [{ name: 'l' }], ...more });
const azure = (more: object): object => pool({ provider: { type: 'Azure', azure: { regions: ['westus3'], ...more } } });
const host = { name: 'a', address: 'a.example.org', user: 'me', hostKey: 'ssh-ed25519 AAAA' };
const jumpHost = { ...{ address: 'jump', user: 'me', hostKey: 'ssh-ed25519 AAAA' }, credentials: { secretRef: { name: 'k' } } };
const ssh = (...hosts: readonly object[]): object =>
  pool({ provider: { type: 'SSH', ssh: { credentials: { secretRef: { name: 'k' } }, hosts } } });
const id = '00000000-0000-0000-0000-00000000000a';
const vm = (more: object = {}): object => ({ poolRef: { name: 'default' }, size: 'l', slots: 4, ...more });

const session = (name: string, spec: unknown, old?: unknown): Case => ({
  name,
  kind: 'Session',
  spec,
  ...(old === undefined ? {} : { old }),
});
const vmpool = (name: string, spec: unknown, old?: unknown): Case => ({
  name,
  kind: 'VMPool',
  spec,
  ...(old === undefined ? {} : { old }),
});
const machine = (name: string, spec: unknown, old?: unknown): Case => ({ name, kind: 'VM', spec, ...(old === undefined ? {} : { old }) });

const prompts: readonly Case[] = [
  session('a prompt alone', { prompt: 'hello' }),
  session('neither prompt nor command', {}),
  session('no spec', undefined),
  session('spec null', null),
  session('spec a string', 'hello'),
  session('spec a list', []),
  session('a prompt that is empty', { prompt: '' }),
  session('a prompt that is null', { prompt: null }),
  session('a prompt of 32768 characters', { prompt: long(32768) }),
  session('a prompt of 32769 characters', { prompt: long(32769) }),
  session('a prompt of 32769 characters and no command', { prompt: long(32769), size: 'xxl' }),
  session('a prompt of 32768 wide characters is over 64 KiB', { prompt: long(32768, '€') }),
  session('a prompt of 16384 characters outside the BMP is 64 KiB', { prompt: long(16384, '😀') }),
  session('a prompt of 16385 characters outside the BMP', { prompt: long(16385, '😀') }),
  session('a prompt that is a number', { prompt: 12 }),
  session('a prompt that is a list', { prompt: ['a'] }),
  session('a prompt that is a bool', { prompt: true }),
];

const fields: readonly Case[] = [
  session('all scalar fields', {
    prompt: 'p',
    agent: 'claude',
    mode: 'fix',
    maxTurns: 3,
    size: 'xl',
    region: 'westus3',
    priority: -5,
    memoryMiB: 1,
    activeDeadlineSeconds: 60,
    retryLimit: 2,
    maxOutputMiB: 1,
    ttlSecondsAfterFinished: 0,
    shutdown: 'Graceful',
  }),
  session('size xxl', { prompt: 'p', size: 'xxl' }),
  session('size a number', { prompt: 'p', size: 1 }),
  session('unknown agent', { prompt: 'p', agent: 'gpt' }),
  session('unknown mode', { prompt: 'p', mode: 'Auto' }),
  session('maxTurns a word', { prompt: 'p', maxTurns: 'ten' }),
  session('maxTurns zero', { prompt: 'p', maxTurns: 0 }),
  session('maxTurns a fraction', { prompt: 'p', maxTurns: 1.5 }),
  session('maxTurns beyond the bound', { prompt: 'p', maxTurns: 100001 }),
  session('maxTurns beyond int32', { prompt: 'p', maxTurns: 3000000000 }),
  session('maxTurns beyond what a double holds', { prompt: 'p', maxTurns: 1e30 }),
  session('maxTurns a bool', { prompt: 'p', maxTurns: true }),
  session('maxTurns an object', { prompt: 'p', maxTurns: {} }),
  session('priority null takes the default', { prompt: 'p', priority: null }),
  session('poolRef empty', { prompt: 'p', poolRef: {} }),
  session('poolRef with a bad name', { prompt: 'p', poolRef: { name: 'Not_A_Label' } }),
  session('poolRef a string', { prompt: 'p', poolRef: 'default' }),
  session('poolRef null takes the default', { prompt: 'p', poolRef: null }),
  session('region with a space', { prompt: 'p', region: 'west us' }),
  session('region empty', { prompt: 'p', region: '' }),
  session('shutdown a wrong word', { prompt: 'p', shutdown: 'Now' }),
  session('unknown field', { promt: 'p' }),
  session('unknown field beside good ones', { prompt: 'p', maxTurn: 3 }),
  session('unknown fields deep down', {
    prompt: 'p',
    env: [{ name: 'A', value: '1', valeu: '2' }],
    source: { git: { url: '/a', branch: 'b' } },
  }),
  session('several errors at once', { prompt: 'p', size: 'xxl', maxTurns: 0, priority: 'high' }),
];

const lists: readonly Case[] = [
  session('a command', { command: ['bash', '-c', 'make test'] }),
  session('a command beside a prompt', { prompt: 'p', command: ['true'] }),
  session('a command beside an agent', { command: ['true'], agent: 'claude' }),
  session('a command beside maxTurns', { command: ['true'], maxTurns: 5 }),
  session('an empty command', { command: [] }),
  session('a command that is a string', { command: 'make test' }),
  session('a command with a number', { command: ['sleep', 5] }),
  session('a command with null', { command: ['sleep', null] }),
  session('a command of 257 words', { command: Array.from({ length: 257 }, () => 'x') }),
  session('a command with a NUL', { command: ['a\u0000b'] }),
  session('env with value and secretRef', { prompt: 'p', env: [{ name: 'A', value: '1', secretRef: { name: 's', key: 'k' } }] }),
  session('env with neither', { prompt: 'p', env: [{ name: 'A' }] }),
  session('env with a secretRef', { prompt: 'p', env: [{ name: 'A', secretRef: { name: 's', key: 'k' } }] }),
  session('env with a secretRef without key', { prompt: 'p', env: [{ name: 'A', secretRef: { name: 's' } }] }),
  session('env with a bad name', { prompt: 'p', env: [{ name: '1A', value: '1' }] }),
  session('env without a name', { prompt: 'p', env: [{ value: '1' }] }),
  session('env twice the same', {
    prompt: 'p',
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '' },
      { name: 'A', value: '2' },
    ],
  }),
  session('env with a number', { prompt: 'p', env: [{ name: 'A', value: 1 }] }),
  session('env a map', { prompt: 'p', env: { A: '1' } }),
  session('input twice the same id', {
    prompt: 'p',
    input: [
      { id: 'a', text: '1' },
      { id: 'a', text: '2' },
    ],
  }),
  session('input too long', { prompt: 'p', input: [{ id: 'a', text: long(4097) }] }),
  session('257 inputs', { prompt: 'p', input: Array.from({ length: 257 }, (_, index) => ({ id: `i${index}`, text: '' })) }),
];

const sources: readonly Case[] = [
  ...[
    'https://github.com/a/b.git',
    'https://user@host/a',
    'http://h/a',
    'ssh://git@h:22/a',
    'git://h/a',
    'file:///a/b',
    '/a/b',
    'git@github.com:a/b.git',
  ].map((url) => session(`source ${url}`, git(url))),
  ...['-oProxyCommand=x', 'a/b', 'ext::sh -c x', 'ssh://-oProxyCommand=x/a', 'git@h:-x', 'https://', 'ftp://h/a', './a', 'file://a'].map(
    (url) => session(`bad source ${url}`, git(url)),
  ),
  session('a ref that is an option', git('/a', { ref: '--upload-pack=x' })),
  session('a git source without url', git(undefined)),
  session('an empty source', { prompt: 'p', source: {} }),
  session('a bundle', {
    prompt: 'p',
    source: { bundle: { sha256: long(64, 'a'), sizeBytes: 9007199254740991, remotes: [{ name: 'origin', url: '/a' }] } },
  }),
  session('a bundle beyond the bound', { prompt: 'p', source: { bundle: { sha256: long(64, 'a'), sizeBytes: 9007199254740992 } } }),
  session('a bundle with a short digest', { prompt: 'p', source: { bundle: { sha256: 'abc', sizeBytes: 1 } } }),
  session('git and bundle', { prompt: 'p', source: { git: { url: '/a' }, bundle: { sha256: long(64, 'a'), sizeBytes: 1 } } }),
];

const names: readonly Case[] = [
  ...['a', long(63), 'a-b-1'].map((name): Case => ({ name: `named ${name}`, kind: 'Session', metadata: { name }, spec: { prompt: 'p' } })),
  ...[long(64), 'a.b', 'A', '-a', 'a_b', long(254), ''].map(
    (name): Case => ({ name: `badly named ${name}`, kind: 'Session', metadata: { name }, spec: { prompt: 'p' } }),
  ),
  { name: 'a pool named with 51 characters', kind: 'VMPool', metadata: { name: long(51) }, spec: pool({}) },
  { name: 'a bad label', kind: 'Session', metadata: { name: 'a', labels: { 'a b': 'c d' } }, spec: { prompt: 'p' } },
  { name: 'a label that is a number', kind: 'Session', metadata: { name: 'a', labels: { a: 1 } }, spec: { prompt: 'p' } },
  { name: 'an annotation that is a bool', kind: 'Session', metadata: { name: 'a', annotations: { a: true } }, spec: { prompt: 'p' } },
  { name: 'a bad annotation key', kind: 'Session', metadata: { name: 'a', annotations: { 'a b': 'c' } }, spec: { prompt: 'p' } },
  { name: 'an unknown field of metadata', kind: 'Session', metadata: { name: 'a', lables: {} }, spec: { prompt: 'p' } },
];

const updates: readonly Case[] = [
  ...Object.entries({
    prompt: 'other',
    agent: 'codex',
    mode: 'fix',
    maxTurns: 4,
    env: [{ name: 'A', value: '2' }],
    source: { git: { url: '/b' } },
    poolRef: { name: 'other' },
    size: 'm',
    region: 'eastus',
    memoryMiB: 5,
    retryLimit: 5,
    maxOutputMiB: 5,
  }).map(([field, value]) => session(`changing ${field}`, { prompt: 'p', [field]: value }, { prompt: 'p' })),
  session('removing size', { prompt: 'p' }, { prompt: 'p', size: 'l' }),
  session('removing env', { prompt: 'p' }, { prompt: 'p', env: [{ name: 'A', value: '1' }] }),
  session('changing command', { command: ['b'] }, { command: ['a'] }),
  session('from prompt to command', { command: ['b'] }, { prompt: 'p' }),
  session(
    'reordering env',
    {
      prompt: 'p',
      env: [
        { name: 'B', value: '2' },
        { name: 'A', value: '1' },
      ],
    },
    {
      prompt: 'p',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
  ),
  session(
    'changing what may change',
    {
      prompt: 'p',
      shutdown: 'Immediate',
      priority: 7,
      activeDeadlineSeconds: 5,
      ttlSecondsAfterFinished: 1,
      input: [{ id: 'b', text: '2' }],
    },
    { prompt: 'p', shutdown: 'Graceful', input: [{ id: 'a', text: '1' }] },
  ),
  session(
    'changing the text of an input',
    {
      prompt: 'p',
      input: [
        { id: 'z', text: '0' },
        { id: 'a', text: '2' },
      ],
    },
    {
      prompt: 'p',
      input: [
        { id: 'a', text: '1' },
        { id: 'z', text: '0' },
      ],
    },
  ),
  session('an update that changes nothing', { prompt: 'p', poolRef: { name: 'default' } }, { prompt: 'p' }),
  vmpool('changing the type', ssh(host), pool({})),
  vmpool('changing the subscription', azure({ subscriptionId: id.replace('a', 'b') }), azure({ subscriptionId: id })),
  vmpool('removing the resource group', azure({}), azure({ resourceGroup: 'g' })),
  vmpool('changing sizes and limits', pool({ sizes: [{ name: 's' }], maxVMs: 3 }), pool({})),
  machine('cordoning', vm({ cordoned: true }), vm()),
  machine('changing the slots of a VM', vm({ slots: 5 }), vm()),
  machine('changing all of a VM', { poolRef: { name: 'b' }, size: 's', slots: 1, region: 'r' }, vm()),
];

const pools: readonly Case[] = [
  vmpool('the smallest pool', { provider: local }),
  vmpool('a pool without provider', {}),
  vmpool('a pool without type', pool({ provider: {} })),
  vmpool('a pool of unknown type', pool({ provider: { type: 'GCP' } })),
  vmpool('a pool with settings of another type', pool({ provider: { type: 'Local', ssh: {} } })),
  vmpool('an SSH pool with local settings', pool({ provider: { type: 'SSH', local: {} } })),
  vmpool('an Azure pool without settings', pool({ provider: { type: 'Azure' } })),
  vmpool('a boot delay', pool({ provider: { type: 'Local', local: { bootSeconds: 5 } } })),
  vmpool('a negative boot delay', pool({ provider: { type: 'Local', local: { bootSeconds: -1 } } })),
  vmpool('local null', pool({ provider: { type: 'Local', local: null } })),
  vmpool('more minVMs than maxVMs', pool({ minVMs: 11 })),
  vmpool('no sizes', pool({ sizes: [] })),
  vmpool('sizes twice the same', pool({ sizes: [{ name: 'l' }, { name: 'l' }] })),
  vmpool('a size that there is not', pool({ sizes: [{ name: 'xxl' }] })),
  vmpool('a size with overrides', pool({ sizes: [{ name: 'm', skus: ['Standard_E8s_v5'], slots: 3, memoryMiB: 1000 }] })),
  vmpool('a budget', pool({ budget: { maxHourlyUSD: '10.00' } })),
  vmpool('a budget that is a number', pool({ budget: { maxHourlyUSD: 10 } })),
  vmpool('a budget with five decimals', pool({ budget: { maxHourlyUSD: '1.00001' } })),
  vmpool('a prime', pool({ prime: { slots: 4, untilTime: '2026-01-01T00:00:00Z' } })),
  vmpool('a prime until some day', pool({ prime: { slots: 4, untilTime: 'tomorrow' } })),
  vmpool('a prime until a date', pool({ prime: { slots: 4, untilTime: '2026-01-01' } })),
  vmpool('a prime until a day that there is not', pool({ prime: { slots: 4, untilTime: '2026-02-30T00:00:00Z' } })),
  session('a list of odd items', { prompt: 'p', env: ['A=1', { name: 'A' }, { name: 'A' }] }),
  session('a list of nulls', { prompt: 'p', env: [null, null] }),
  session('three times the same', { prompt: 'p', input: [1, 2, 3].map((text) => ({ id: 'a', text: `${text}` })) }),
  session('a digest that is too long', { prompt: 'p', source: { bundle: { sha256: long(65), sizeBytes: 1 } } }),
  vmpool('paused a word', pool({ paused: 'yes' })),
  vmpool('an SSH pool', ssh(host, { ...host, name: 'b', port: 2222, size: 'xl', slots: 9, memoryMiB: 5 })),
  vmpool('SSH hosts twice the same', ssh(host, host)),
  vmpool('an SSH host with a bad key', ssh({ ...host, hostKey: 'AAAA' })),
  vmpool('an SSH host without key', ssh({ name: 'a', address: 'b', user: 'c' })),
  vmpool('an SSH host with a bad port', ssh({ ...host, port: 65536 })),
  vmpool('an Azure pool', azure({})),
  vmpool(
    'an Azure pool with all',
    azure({
      subscriptionId: id,
      resourceGroup: 'g',
      zones: ['1'],
      image: { id: '/subscriptions/x' },
      osDisk: { ephemeral: true },
      priority: 'Spot',
      evictionPolicy: 'Deallocate',
      network: { mode: 'Explicit', allowSSHFrom: ['10.0.0.0/8'], jumpHost: { ...jumpHost, port: 2222 } },
      identity: { credential: 'cli' },
      setup: { script: 'true' },
    }),
  ),
  vmpool('a jump host', azure({ network: { publicIP: false, jumpHost } })),
  vmpool('a jump host in one word', azure({ network: { jumpHost: 'me@jump:22' } })),
  vmpool('a jump host without key and login', azure({ network: { jumpHost: { address: 'jump', user: 'me' } } })),
  vmpool('a jump host with a key of nothing', azure({ network: { jumpHost: { ...jumpHost, hostKey: 'any', port: 0 } } })),
  vmpool('a jump host without a secret', azure({ network: { jumpHost: { ...jumpHost, credentials: {} } } })),
  vmpool('an Azure pool without regions', azure({ regions: undefined })),
  vmpool('an image both ways', azure({ image: { urn: 'a:b:c:d', id: '/x' } })),
  vmpool('an eviction policy without Spot', azure({ evictionPolicy: 'Delete' })),
  vmpool('a zone twice and a range twice', azure({ zones: ['1', '4'], network: { allowSSHFrom: ['10.0.0.0/8', '10.0.0.0/8'] } })),
  vmpool('a switch that never comes first', azure({ deadMansSwitchSeconds: 7200, deadMansSwitchMaxSeconds: 3600 })),
  machine('a VM', vm()),
  machine('a VM without slots', { poolRef: { name: 'a' }, size: 'l' }),
  machine('a VM of no size', vm({ size: 'big' })),
];

export const CASES: readonly Case[] = [...prompts, ...fields, ...lists, ...sources, ...names, ...updates, ...pools];
