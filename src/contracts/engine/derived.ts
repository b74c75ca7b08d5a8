/**
 * What several rules of one transaction need: computed at first use, then remembered for that context. `compute` is a
 * pure function of the context, so remembering changes nothing but the time it takes.
 */
export function derived<C extends object, T>(compute: (context: C) => T): (context: C) => T {
  const known = new WeakMap<object, { readonly value: T }>();
  return (context) => {
    const found = known.get(context);
    if (found !== undefined) return found.value;
    const value = compute(context);
    known.set(context, { value });
    return value;
  };
}
