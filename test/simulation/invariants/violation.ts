/** An invariant of scenarios.md that a run broke. Never caught by the code under test: it ends the run. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

/** Ends the run unless the invariant holds. The detail is only built when it does not. */
export function holds(condition: boolean, invariant: string, detail: () => string): asserts condition {
  if (!condition) throw new InvariantViolation(invariant, detail());
}

/** Bytes as a Map key. */
export function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** A hash as a person reads it. */
export function short(hash: string): string {
  return hash.slice(0, 8);
}
