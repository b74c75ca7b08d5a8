/** A text of production code, changed. */
export interface Patch {
  /** Text that stands once, in one file below `src/`. */
  readonly find: string;
  readonly replace: string;
}

/** A rule of the protocol, broken on purpose. The simulator proves itself by catching each. */
export interface Mutant {
  readonly name: string;
  /** One of the seeds from 1 to this breaks an invariant: a few times as many as it took, since runs change with the code. */
  readonly seedsMax: number;
  readonly patches: readonly Patch[];
}

export function mutant(name: string, seedsMax: number, ...patches: readonly Patch[]): Mutant {
  return { name, seedsMax, patches };
}
