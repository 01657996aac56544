// What several steps of a pass need of the same observation is worked out once for it.

export const oncePer = <K extends object, T>(workOut: (of: K) => T): ((of: K) => T) => {
  const known = new WeakMap<K, T>();
  return (of) => {
    const before = known.get(of);
    if (before !== undefined) return before;
    const result = workOut(of);
    known.set(of, result);
    return result;
  };
};
