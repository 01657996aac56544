// The two lines that people see when Azure refuses for quota in every region they may use (the tutorial's Issue 1).
import type { Offering } from '../provider.ts';

export interface QuotaHint {
  readonly error: string;
  readonly hint: string | undefined;
}

export const quotaHint = (_offerings: readonly Offering[], _wanted: { readonly size?: string; readonly region?: string }): QuotaHint => ({
  error: '',
  hint: undefined,
});
