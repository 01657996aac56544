// What the pure parts of the Azure provider are asked about: a pool, a SKU in a region, and Azure's own words.
import { readFileSync } from 'node:fs';
import type { VMPool, VMPoolSpec } from '../../../controller/api/types.generated.ts';
import type { Asked, Refusal } from '../../../controller/provider/azure/classify-error.ts';
import { builtInFacts, type SKUFacts } from '../../../controller/provider/azure/sku-facts.ts';
import { pool } from '../../builders/pool.ts';

type AzureSpec = NonNullable<VMPoolSpec['provider']['azure']>;

export const azurePool = (azure: Partial<AzureSpec> = {}, spec: Partial<VMPoolSpec> = {}): VMPool =>
  pool({ spec: { provider: { type: 'Azure', azure: { regions: ['westus3', 'eastus'], ...azure } }, ...spec } });

export const SKU = 'Standard_E16s_v5';

export const facts = (more: Partial<SKUFacts> = {}): SKUFacts => ({ ...builtInFacts(more.sku ?? SKU), ...more });

export const asked = (more: Partial<Asked> = {}): Asked => ({
  name: 'berth-0123456789',
  sku: SKU,
  region: 'westus3',
  zone: undefined,
  priority: 'Regular',
  facts: facts({ sku: more.sku ?? SKU }),
  ...more,
});

interface ErrorBody extends Omit<Refusal, 'httpStatus' | 'retryAfterMs'> {
  readonly id: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly rawBody?: Pick<Refusal, 'code' | 'message' | 'details'>;
}

const BODIES: readonly ErrorBody[] = JSON.parse(
  readFileSync(new URL('../../fakes/azure/fixtures/errors.json', import.meta.url), 'utf8'),
).errors;

const FILLED: Readonly<Record<string, string>> = {
  family: 'standardESv5Family',
  location: 'westus3',
  limit: '100',
  usage: '96',
  required: '16',
  newLimit: '112',
  size: SKU,
  zone: '1',
  sub: '00000000-0000-0000-0000-000000000000',
  rg: 'berth-default',
  vm: 'berth-0123456789',
  name: 'machines',
  oid: '11111111-1111-1111-1111-111111111111',
  scope: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/berth-default/providers/Microsoft.Compute/virtualMachines/x',
  prefix: '10.0.0.0/24',
  n: '10',
  op: 'Create',
  action: 'Microsoft.Compute/virtualMachines/write',
  controller: 'NVMe',
  maxPrice: '0.1',
  spotPrice: '0.2',
};

/** What Azure says, by the name it has among the collected bodies. */
export const azureSays = (id: string): Refusal => {
  const body = BODIES.find((one) => one.id === id);
  if (!body) throw new Error(`no body ${id}`);
  const { phase, status, code, message, target, details } = { ...body, ...body.rawBody };
  const retryAfter = body.headers?.['Retry-After'];
  return {
    phase,
    ...(phase === 'sync' ? { httpStatus: status } : {}),
    ...(code === undefined ? {} : { code }),
    message: message.replaceAll(/\{(\w+)\}/g, (whole, name: string) => FILLED[name] ?? whole),
    ...(target === undefined ? {} : { target }),
    ...(details === undefined ? {} : { details }),
    ...(retryAfter === undefined ? {} : { retryAfterMs: Number(retryAfter) * 1000 }),
  };
};

export const bodyIDs = (): readonly string[] => BODIES.map(({ id }) => id);
