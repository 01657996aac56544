// The merge patch (RFC 7396) that makes one JSON value of another. Pure.

/** Undefined when they are equal: members set to undefined count as absent. Lists are replaced whole. */
export const mergeDifference = (before: unknown, after: unknown): unknown => {
  if (!isMapping(before) || !isMapping(after)) return equal(before, after) ? undefined : after;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes = [...names].flatMap((name): [string, unknown][] => {
    if (after[name] === undefined) return before[name] === undefined ? [] : [[name, null]];
    const change = mergeDifference(before[name], after[name]);
    return change === undefined ? [] : [[name, change]];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
};

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const equal = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (isMapping(a) && isMapping(b)) return mergeDifference(a, b) === undefined;
  return Object.is(a, b);
};
