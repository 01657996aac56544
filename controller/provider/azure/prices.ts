// What a SKU costs an hour in a region.

/** In 1/10,000 USD; undefined: not known. A Spot machine costs at most this. */
export const hourlyPrice = (_sku: string, _region: string): number | undefined => undefined;
