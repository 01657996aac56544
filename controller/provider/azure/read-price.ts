// Reads what a SKU costs in a region from the Retail Prices API: public, without a login, one short request a SKU.
import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import { errorMessage, OperatorError } from '../../api/error.ts';
import type { Candidate } from './candidates.ts';
import type { AzurePlace } from './clients.ts';
import { type Price, TABLE_DATE } from './prices.ts';
import { pageOf, pricesPath, retailPrice } from './retail-prices.ts';

/** Undefined: Azure has none. Throws `unavailable`, saying why, where it could not be asked or what it said makes no sense. */
export type ReadPrice = (asked: Pick<Candidate, 'sku' | 'region'>) => Promise<Price | undefined>;

const PRICES = 'https://prices.azure.com';
const REQUEST_MS = 30_000;
/** A SKU in a region has about ten rows of 1 KB. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_PAGES = 10;

/** With the proxies of the environment, as Azure's SDKs have them. */
export const priceReader =
  ({ endpoint, caFile }: Pick<AzurePlace, 'endpoint' | 'caFile'>): ReadPrice =>
  async (asked) => {
    const server = endpoint ?? PRICES;
    try {
      const { EnvHttpProxyAgent, request } = await import('./undici.ts');
      const tls = caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') };
      const dispatcher = new EnvHttpProxyAgent({ connect: tls, requestTls: tls, maxResponseSize: MOST_BYTES, allowH2: false });
      const get = async (url: URL): Promise<unknown> => {
        const answer = await request(url, { dispatcher, signal: AbortSignal.timeout(REQUEST_MS) });
        return jsonOf(answer);
      };
      // Nothing is kept open for the next one: that is a day away.
      return retailPrice(await rowsOf(new URL(pricesPath(asked), server), get).finally(() => dispatcher.destroy()), asked);
    } catch (cause) {
      const why = `cannot read the price of ${asked.sku} in ${asked.region} from ${server}: ${errorMessage(cause) || 'no connection'}`;
      const help = `let the controller reach it by HTTPS; until then the prices known so far are used, or those of ${TABLE_DATE}`;
      throw new OperatorError('unavailable', `${why}; ${help}`, { cause });
    }
  };

const jsonOf = async ({ statusCode, body }: Dispatcher.ResponseData): Promise<unknown> => {
  if (statusCode === 200) return body.json();
  await body.dump();
  throw new Error(`it answered with HTTP status ${statusCode}`);
};

/** All pages: a price of some of them need not be the cheapest. */
const rowsOf = async (first: URL, get: (url: URL) => Promise<unknown>): Promise<readonly unknown[]> => {
  const rows: unknown[] = [];
  let url = first;
  for (let pages = 1; ; pages++) {
    const page = pageOf(await get(url));
    if (!page) throw new Error('its answer is no page of prices');
    rows.push(...page.items);
    if (page.next === undefined) return rows;
    if (pages === MOST_PAGES) throw new Error(`it has more than ${MOST_PAGES} pages`);
    url = new URL(page.next, first);
    if (url.origin !== first.origin) throw new Error(`its next page is said to be elsewhere, at ${url.origin}`);
  }
};
