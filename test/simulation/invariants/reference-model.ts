import type { CanonicalValue } from '../../../src/ledger/index.ts';
import type { ConfigurationModel } from './configuration-model.ts';
import { keyOf } from './violation.ts';

/** What a rule of the simulator sees of a transaction. */
export interface ModelTransaction {
  readonly id: string;
  readonly kind: string;
  readonly payload: CanonicalValue;
  /** Milliseconds since the Unix epoch. */
  readonly validUntil: number;
}

/** What the simulator's rules mean, said a second time and in the plainest way: a map, changed one transaction at a time. */
export class ReferenceModel {
  readonly #values = new Map<string, string>();
  readonly #outcomes = new Map<string, boolean>();
  readonly #configuration: ConfigurationModel;

  constructor(configuration: ConfigurationModel) {
    this.#configuration = configuration;
  }

  /** Applies the next transaction of the committed chain. */
  apply({ id, kind, payload }: ModelTransaction): void {
    const [, key, first, second] = payload as readonly CanonicalValue[];
    const isPermitted =
      kind === 'sim.change'
        ? this.#configuration.ask(payload as readonly CanonicalValue[])
        : this.#execute(kind, String(key), first, second);
    this.#outcomes.set(id, isPermitted);
  }

  /** Whether the transaction was permitted; undefined when it is not in the chain. */
  outcome(id: string): boolean | undefined {
    return this.#outcomes.get(id);
  }

  /** The values that a node at the end of the chain holds, as `key=value`, sorted. */
  values(): string[] {
    return [...this.#values].map(([key, value]) => `${key}=${value}`).sort();
  }

  #execute(kind: string, key: string, first?: CanonicalValue, second?: CanonicalValue): boolean {
    const present = this.#values.get(key);
    switch (kind) {
      case 'sim.put':
        this.#values.set(key, keyOf(first as Uint8Array));
        return true;
      case 'sim.compare': {
        const expected = first === null ? undefined : keyOf(first as Uint8Array);
        if (expected !== present) return false;
        this.#values.set(key, keyOf(second as Uint8Array));
        return true;
      }
      case 'sim.delete':
        return this.#values.delete(key);
      default:
        return true;
    }
  }
}
