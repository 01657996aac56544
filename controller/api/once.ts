// What is asked of the same thing again and again, as of one observation by each step of a pass, is worked out once.

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
