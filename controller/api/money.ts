// Money as SPEC 2 fixes it: a decimal string in USD on the outside, a whole number of 1/10,000 USD for arithmetic.

/** `"10.00"` → 100000. The schema has checked the form. */
export const parseMoney = (usd: string): number => Math.round(Number(usd) * 10_000);

/** 100000 → `"10"`, 12500 → `"1.25"`: no more digits than needed. */
export const formatMoney = (tenThousandths: number): string => String(Math.round(tenThousandths) / 10_000);
