// Token buckets as Azure documents them: of Resource Manager by region and verb, and of Compute by machine and subscription.
// Off until asked for; the headers that tell what is left are always sent.
import { ARMError, errorOf } from './arm-error.ts';
import type { Azure, Call } from './azure.ts';
import type { Facts } from './faults.ts';

interface Bucket {
  readonly name: string;
  readonly max: number;
  readonly perSecond: number;
}

const perMinute = (name: string, refill: number, max: number): Bucket => ({ name, max, perSecond: refill / 60 });

/** Every request takes one of each of these. */
const bucketsOf = (call: Call, facts: Facts): readonly Bucket[] => {
  const arm = facts.method === 'GET' || facts.method === 'HEAD' ? 'reads' : facts.method === 'DELETE' ? 'deletes' : 'writes';
  const [max, perSecond] = arm === 'reads' ? [250, 25] : [200, 10];
  const resourceManager = [
    { name: `arm/${arm}/${facts.region}`, max, perSecond },
    { name: `arm/${arm}`, max: max * 15, perSecond: perSecond * 15 },
  ];
  const type = facts.type.toLowerCase();
  if (type.startsWith('microsoft.network')) {
    const network = arm === 'reads' ? [10_000, 10_000 / 300] : [1_000, 1_000 / 300];
    return [
      ...resourceManager,
      { name: `network/${arm === 'reads' ? 'reads' : 'writes'}`, max: network[0] ?? 0, perSecond: network[1] ?? 0 },
    ];
  }
  return type.startsWith('microsoft.compute') ? [...resourceManager, ...compute(call, facts)] : resourceManager;
};

const compute = (call: Call, { action, method }: Facts): readonly Bucket[] => {
  const vm = call.id.toLowerCase();
  if (action === 'poll')
    return [
      perMinute(`compute/operation/${call.url.pathname.split('/').at(-1)}`, 15, 45),
      perMinute('compute/GetOperation', 5_000, 15_000),
    ];
  if (!/\/virtualmachines$/i.test(call.type)) return [];
  if (call.name === '') return [perMinute('compute/HighCostGet', 300, 900)];
  if (method === 'GET') return [perMinute(`compute/GetVM/${vm}`, 12, 36), perMinute('compute/GetVM', 8_000, 24_000)];
  if (method === 'PUT') return [perMinute(`compute/PutVM/${vm}`, 4, 12), perMinute('compute/PutVM', 500, 1_500)];
  const remove = method === 'DELETE' || ['deallocate', 'simulateeviction'].includes(action.toLowerCase());
  const name = remove ? 'DeleteVM' : 'UpdateVM';
  return [perMinute(`compute/${name}/${vm}`, 4, 12), perMinute(`compute/${name}`, 500, 1_500)];
};

/** Takes from the buckets or throws a 429; answers with the headers. */
export const throttle = (azure: Azure, call: Call, facts: Facts): Record<string, string> => {
  const { world, clock } = azure;
  const now = clock.now();
  const buckets = bucketsOf(call, facts).map((bucket) => {
    const before = world.buckets.get(bucket.name) ?? { tokens: bucket.max, at: now };
    const tokens = Math.min(bucket.max, before.tokens + ((now - before.at) / 1000) * bucket.perSecond);
    const state = { tokens, at: now };
    world.buckets.set(bucket.name, state);
    return { bucket, state };
  });
  const empty = buckets.find(({ state }) => state.tokens < 1);
  if (world.throttling && empty) throw refusal(empty.bucket, empty.state.tokens, call);
  for (const { state } of buckets) if (world.throttling) state.tokens--;
  const left = (match: RegExp): string | undefined => {
    const found = buckets.filter(({ bucket }) => match.test(bucket.name));
    return found.length === 0 ? undefined : String(Math.floor(Math.min(...found.map(({ state }) => state.tokens))));
  };
  const verb = /arm\/(\w+)/.exec(buckets[0]?.bucket.name ?? '')?.[1] ?? 'reads';
  const ofCompute = buckets.filter(({ bucket }) => /^compute\/\w+$/.test(bucket.name));
  return {
    [`x-ms-ratelimit-remaining-subscription-${verb}`]: left(/^arm/) ?? '0',
    ...(ofCompute.length > 0
      ? {
          'x-ms-ratelimit-remaining-resource': ofCompute
            .map(({ bucket, state }) => `Microsoft.Compute/${bucket.name.split('/')[1]};${Math.floor(state.tokens)}`)
            .join(','),
        }
      : {}),
  };
};

const refusal = ({ name, perSecond }: Bucket, tokens: number, call: Call): ARMError => {
  const seconds = Math.max(1, Math.ceil((1 - tokens) / perSecond));
  const headers = { 'Retry-After': String(seconds) };
  if (name.startsWith('arm/')) {
    const { failure } = errorOf('throttled_arm', { sub: call.subscription, s: seconds });
    return new ARMError(429, failure, { headers });
  }
  const { failure, rawBody } = errorOf('throttled_crp');
  return new ARMError(429, failure, { headers, rawBody });
};
