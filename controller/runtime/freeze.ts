// Freezes a snapshot all the way down, so that tests and the simulation catch whoever changes what they were given.

/** Objects frozen at the top by somebody else still have to be visited; those frozen here, shared by many snapshots, not. */
const frozen = new WeakSet<object>();

/** It is frozen all the way down already. */
export const noteFrozen = (value: object): void => void frozen.add(value);

/** Plain objects and lists, also those inside maps and sets (which themselves cannot be frozen). */
export const deepFreeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || frozen.has(value)) return value;
  frozen.add(value);
  if (value instanceof Map || value instanceof Set) for (const member of value.values()) deepFreeze(member);
  if (!isPlain(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
};

const isPlain = (value: object): boolean => Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
