// Reads a plain scalar as kubectl does (sigs.k8s.io/yaml, a go-yaml v2 without timestamps): YAML 1.1 bools and octals,
// 0o octals, underscores in numbers, no sexagesimals, no dates. No schema of the YAML libraries on npm does this.

const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);

const NUMBER_START = /^[-+.0-9]/;
const INTEGER = /^[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const NOT_JSON = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;

/** Throws for infinities and NaN, which JSON and so Kubernetes cannot hold. */
export function plainScalar(text: string): string | number | boolean | null {
  const word = text.length <= 5 ? WORDS.get(text) : undefined;
  if (word !== undefined) return word;
  if (!NUMBER_START.test(text)) return text;
  if (NOT_JSON.test(text)) throw new Error(`${text} is not a number that JSON can hold`);
  const digits = text.startsWith('.') ? text : text.replaceAll('_', '');
  const whole = INTEGER.test(digits) ? integer(digits) : undefined;
  if (whole !== undefined) return whole;
  const number = FLOAT.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(number) ? number || 0 : text;
}

/** undefined beyond 64 bits, where go-yaml goes on to try a float. */
function integer(text: string): number | undefined {
  if (text.length < 16 && /^[1-9]/.test(text)) return Number(text);
  const negative = text.startsWith('-');
  const digits = text
    .replace(/^[-+]/, '')
    .toLowerCase()
    .replace(/^0(?=[0-7])/, '0o');
  const magnitude = BigInt(digits);
  if (magnitude > (negative ? 2n ** 63n : 2n ** 64n - 1n)) return undefined;
  return Number(negative ? -magnitude : magnitude);
}
