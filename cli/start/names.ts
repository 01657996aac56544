// Names of sessions made here: when they were made, and a little chance.

const SUFFIX_CHARACTERS = 3;
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * `count` names `sess-YYYYMMDD-HHMMSS-xxx` (UTC), sorted, none twice and none of `taken`. Sorted because sessions made in
 * one second queue by name, and prompts should run in the order they were given.
 */
export const sessionNames = (
  count: number,
  now: number,
  random: () => number,
  taken: ReadonlySet<string> = new Set(),
): readonly string[] => {
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const names = new Set<string>();
  while (names.size < count) {
    const name = `sess-${stamp}-${suffix(random)}`;
    if (!taken.has(name)) names.add(name);
  }
  return [...names].sort();
};

const suffix = (random: () => number): string =>
  Array.from({ length: SUFFIX_CHARACTERS }, () => ALPHABET[Math.floor(random() * ALPHABET.length)] ?? '0').join('');
