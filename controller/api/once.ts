// What is asked of the same thing again and again is worked out once.

/** For what lives long, as a spec: the result lives as long. */
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

/** For what is asked about by one step after another and then never again, as an observation: only the last is kept. */
export const onceInARow = <K extends object, T>(workOut: (of: K) => T): ((of: K) => T) => {
  let last: { readonly of: K; readonly result: T } | undefined;
  return (of) => {
    if (last?.of !== of) last = { of, result: workOut(of) };
    return last.result;
  };
};
