// `npm run bench [-- name…] [--scale 0.1]`: prints one JSON line a figure, each with its aim and the machine's load at the time. Where
// another program does the same, both run in turn and the ratio is a figure of its own.
import { parseArgs } from 'node:util';
import { type Bench, report } from './figure.ts';

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  placement: async () => (await import('./placement.ts')).placement,
  directory: async () => (await import('./directory.ts')).directory,
  operator: async () => (await import('./operator.ts')).operator,
  idle: async () => (await import('./idle.ts')).idle,
  list: async () => (await import('./list.ts')).list,
  ssh: async () => (await import('./ssh.ts')).ssh,
  'ssh-fleet': async () => (await import('./ssh-fleet.ts')).sshFleet,
  follow: async () => (await import('./follow.ts')).follow,
  'cluster-scale': async () => (await import('./cluster-scale.ts')).clusterScale,
  'cluster-writes': async () => (await import('./cluster-writes.ts')).clusterWrites,
  'cluster-sessions': async () => (await import('./cluster-sessions.ts')).clusterSessions,
  'cluster-idle': async () => (await import('./cluster-idle.ts')).clusterIdle,
};

const { values, positionals: names } = parseArgs({ allowPositionals: true, options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) throw new Error(`there is no bench ${unknown.join(', ')}: name some of ${Object.keys(BENCHES).join(', ')}`);

for (const [name, load] of Object.entries(BENCHES)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const bench = await load();
  for (const figure of await bench(scale)) process.stdout.write(`${report(figure)}\n`);
}
