// What `start` says where Azure has no room for a session: the tutorial's two lines, with Azure's numbers between them.
import { poolSizes } from '../../controller/api/sizes.ts';
import type { Session, VMPool } from '../../controller/api/types.generated.ts';
import { oneLine } from './text.ts';

export interface QuotaError {
  readonly message: string;
  readonly hint: string;
}

/** `said` is the reason that the session, or its VM, waits with; the pool knows where else there is room. */
export const quotaError = (session: Session, said: string, pool: VMPool | undefined): QuotaError => {
  const text = oneLine(said);
  const quota = /Azure quota exceeded in region (?<region>\w+)(?:: (?<counts>[^;]*))?/.exec(text)?.groups;
  const region = quota?.region ?? session.spec.region ?? pool?.spec.provider.azure?.regions[0] ?? 'unknown';
  const detail = quota ? quota.counts : text;
  return {
    message: `Azure quota exceeded in region ${region}${detail ? `\n  ${detail}` : ''}`,
    hint: hintFor(session, region, pool),
  };
};

const hintFor = ({ spec }: Session, refused: string, pool: VMPool | undefined): string => {
  const sizes = pool ? poolSizes(pool.spec) : [];
  const open = (pool?.status?.offerings ?? []).filter(({ available }) => available);
  const wanted = sizes.find(({ name }) => name === (spec.size ?? name));
  // One that may go anywhere was refused everywhere, whatever the pool's status, which comes later, still says.
  const elsewhere = open.find(({ sku, region }) => region !== refused && wanted?.skus.includes(sku));
  if (elsewhere && spec.region !== undefined) return `Try a different region with --region ${elsewhere.region}`;
  const here = open.filter(({ region }) => region === (spec.region ?? region));
  const other = sizes.find(({ name, skus }) => name !== wanted?.name && here.some(({ sku }) => skus.includes(sku)));
  if (other) return `Try a different size with --size ${other.name}`;
  return 'Wait for room with --queue, or ask Azure for more quota';
};
