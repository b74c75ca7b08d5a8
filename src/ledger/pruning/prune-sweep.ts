import { readUint64, uint64Bytes } from '../../base/index.ts';
import { type KeyRange, type Operation, prefixedKey, prefixRange, type Store } from '../../storage/index.ts';
import { openBlock } from '../block.ts';
import { resultsKey } from '../block-results.ts';
import { transactionIdOf } from '../transaction.ts';

/** What one slice reads, about: hashing that much takes a few milliseconds. */
const sliceBytes = 256 * 1024;
const blocksAtOnceMax = 256;
const keysAtOnce = 4096;
/** What ends the key of a past value: height. */
const placeBytes = 8;

/**
 * Removes, slice by slice, what is left of blocks that were given up: the blocks, where their transactions stood and what
 * they came to, and the past values that only states before them need. A crash leaves what the next sweep finds.
 */
export class PruneSweep {
  readonly #store: Store;
  readonly #through: number;
  #blocksAtOnce = 1;
  #areBlocksGone = false;
  #pastFrom: Uint8Array | undefined = prefixRange('stateHistory').from;

  constructor(store: Store, through: number) {
    this.#store = store;
    this.#through = through;
  }

  /** What to write next, perhaps nothing; undefined when all is gone. What was given before has to be durable. */
  async next(): Promise<Operation[] | undefined> {
    if (!this.#areBlocksGone) return this.#blocks();
    return this.#pastFrom === undefined ? undefined : this.#past(this.#pastFrom);
  }

  async #blocks(): Promise<Operation[]> {
    const { from } = prefixRange('block');
    const to = prefixedKey('block', uint64Bytes(this.#through + 1));
    const entries = await this.#store.range({ from, to, limit: this.#blocksAtOnce });
    if (entries.length < this.#blocksAtOnce) this.#areBlocksGone = true;
    let bytes = 0;
    const operations: Operation[] = [];
    for (const [key, value] of entries) {
      bytes += value.length;
      const { header, hash, transactionBytes } = openBlock(value);
      operations.push({ type: 'delete', key }, { type: 'delete', key: prefixedKey('blockHash', hash) });
      operations.push({ type: 'delete', key: resultsKey(header.height) });
      for (const transaction of transactionBytes)
        operations.push({ type: 'delete', key: prefixedKey('transactionPlace', transactionIdOf(transaction)) });
    }
    if (bytes < sliceBytes / 2) this.#blocksAtOnce = Math.min(2 * this.#blocksAtOnce, blocksAtOnceMax);
    else if (bytes > 2 * sliceBytes) this.#blocksAtOnce = Math.max(1, Math.floor(this.#blocksAtOnce / 2));
    return operations;
  }

  async #past(from: Uint8Array): Promise<Operation[]> {
    const { to } = prefixRange('stateHistory');
    const snapshot = this.#store.snapshot();
    try {
      const keys = await snapshot.keys({ from, to, limit: keysAtOnce });
      const last = keys.at(-1);
      this.#pastFrom = last === undefined || keys.length < keysAtOnce ? undefined : new Uint8Array([...last, 0]);
      return keys
        .filter((key) => readUint64(key, key.length - placeBytes) <= this.#through)
        .map((key): Operation => ({ type: 'delete', key }));
    } finally {
      await snapshot.close();
    }
  }
}

/** Where pruning leaves holes: pieces of the store that are small enough to be put in order one at a time. */
export function prunedRanges(through: number): KeyRange[] {
  const byHeight = (['block', 'blockResults'] as const).map((prefix) => {
    return { from: prefixRange(prefix).from, to: prefixedKey(prefix, uint64Bytes(through + 1)) };
  });
  return [
    ...byHeight,
    ...bySixteenths('transactionPlace'),
    ...bySixteenths('blockHash'),
    ...bySixteenths('stateHistory'),
  ];
}

function bySixteenths(prefix: 'transactionPlace' | 'blockHash' | 'stateHistory'): KeyRange[] {
  const { to } = prefixRange(prefix);
  const starts = Array.from({ length: 16 }, (_, part) => prefixedKey(prefix, Uint8Array.of(part * 16)));
  return starts.map((from, part) => ({ from, to: starts[part + 1] ?? to }));
}
