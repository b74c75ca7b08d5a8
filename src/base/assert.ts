/** A broken invariant: a bug, never an operating condition. Whoever catches one stops the node. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** States an invariant. Throws {@link InvariantError} in production too. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Proves to the compiler that every case of a union was handled. */
export function unreachable(value: never, message = 'unreachable'): never {
  throw new InvariantError(`${message}: ${String(value)}`);
}

/** Unwraps a value that an invariant says is there. */
export function present<T>(value: T | undefined | null, message: string): T {
  assert(value !== undefined && value !== null, message);
  return value;
}
