import type { Entry, Operation, RangeOptions } from './store.ts';

/**
 * An ordered map from bytes to bytes: what the stores without a disk stand on. Keys are held as Latin-1 text, one
 * character a byte, whose order is the order of the bytes.
 */
export class MemoryTable {
  readonly #values = new Map<string, Uint8Array>();
  /** The keys in order, or undefined when they changed since they were last sorted. */
  #sortedKeys: string[] | undefined;

  get size(): number {
    return this.#values.size;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(keyText(key));
  }

  /** A table of its own with the same content. */
  clone(): MemoryTable {
    const copy = new MemoryTable();
    this.#values.forEach((value, key) => {
      copy.#values.set(key, value);
    });
    return copy;
  }

  /** Applies a batch and returns the batch that undoes it. Keys and values are copied: callers may reuse theirs. */
  apply(operations: readonly Operation[]): Operation[] {
    const undo: Operation[] = [];
    for (const operation of operations) {
      const text = keyText(operation.key);
      const before = this.#values.get(text);
      if (operation.type === 'put') this.#values.set(text, operation.value.slice());
      else this.#values.delete(text);
      if ((before !== undefined) !== (operation.type === 'put')) this.#sortedKeys = undefined;
      const key = operation.key.slice();
      undo.push(before === undefined ? { type: 'delete', key } : { type: 'put', key, value: before });
    }
    return undo.reverse();
  }

  range(options: RangeOptions): Entry[] {
    this.#sortedKeys ??= [...this.#values.keys()].sort();
    const keys = this.#sortedKeys;
    const from = lowerBound(keys, keyText(options.from));
    const to = lowerBound(keys, keyText(options.to));
    const page = options.reverse
      ? keys.slice(Math.max(from, to - options.limit), Math.max(from, to)).reverse()
      : keys.slice(from, Math.min(Math.max(from, to), from + options.limit));
    const entries: Entry[] = [];
    let bytes = 0;
    for (const text of page) {
      const value = this.#values.get(text) ?? noBytes;
      entries.push([new Uint8Array(Buffer.from(text, 'latin1')), value]);
      bytes += text.length + value.length;
      if (options.bytesMax !== undefined && bytes >= options.bytesMax) break;
    }
    return entries;
  }
}

const noBytes = new Uint8Array(0);

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

/** The index of the first key that is not below `bound`. */
function lowerBound(keys: readonly string[], bound: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
