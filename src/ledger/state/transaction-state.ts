import { assert } from '../../base/index.ts';
import { ledgerLimits } from '../limits.ts';
import type { StateKey, StateWriter } from '../types/execution.ts';

const keyPattern = /^[!-~]+$/;

/** One transaction's writes, kept apart from its block's until it is known to be permitted. */
export class TransactionState implements StateWriter {
  readonly changes: Map<StateKey, Uint8Array | undefined> = new Map();
  readonly #below: (key: StateKey) => Uint8Array | undefined;

  constructor(below: (key: StateKey) => Uint8Array | undefined) {
    this.#below = below;
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.#below(key);
  }

  put(key: StateKey, value: Uint8Array): void {
    checkKey(key);
    assert(
      value.length > 0 && value.length <= ledgerLimits.stateValueBytesMax,
      'a contract keeps its values within the bounds',
    );
    this.changes.set(key, value);
  }

  delete(key: StateKey): void {
    checkKey(key);
    this.changes.set(key, undefined);
  }
}

function checkKey(key: StateKey): void {
  assert(
    key.length <= ledgerLimits.stateKeyCharactersMax && keyPattern.test(key),
    'a state key is short printable ASCII',
  );
}
