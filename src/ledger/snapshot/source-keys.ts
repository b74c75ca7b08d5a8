import { latin1Text } from '../../base/index.ts';
import { sha256Latin1 } from '../../crypto/portable.ts';
import { prefixRange, type StoreSnapshot, textOfKey } from '../../storage/index.ts';
import type { HashText } from '../state/nodes.ts';
import { partCount } from '../state/parts.ts';
import type { StateSpace } from '../state/state-space.ts';
import type { StateKey } from '../types/execution.ts';

/** Bytes of keys in memory at once, beyond which the keys of fewer parts are held: 64 MiB. */
const heldBytesMax = 64 * 1024 * 1024;
/** Keys of one slice. */
const pageKeys = 512;
const partBytesFirst = 256;

/**
 * The state's keys by their hashes. The store has them in their own order and the tree has hashes only, so all keys are
 * read once and sorted into the tree's parts. Where memory does not hold them all, those of some parts in a row are held,
 * and another pass reads the keys of others.
 */
export class SourceKeys {
  readonly #snapshot: StoreSnapshot;
  readonly #space: StateSpace;
  readonly #heldBytesMax: number;
  #parts: PartKeys[] = [];
  #first = 0;
  /** How many parts memory holds. */
  #width = partCount;
  #bytes = 0;
  /** The keys of the part that was asked for last, by hash. */
  #open: { readonly part: number; readonly keys: ReadonlyMap<HashText, StateKey> } | undefined;

  constructor(snapshot: StoreSnapshot, space: StateSpace, bytesMax: number = heldBytesMax) {
    this.#snapshot = snapshot;
    this.#space = space;
    this.#heldBytesMax = bytesMax;
  }

  /** Holds the keys of this part. */
  async cover(part: number): Promise<void> {
    if (!this.#isHeld(part)) await this.#read(part);
  }

  /** Whether memory has room for the keys of all parts. */
  get fitsWhole(): boolean {
    return this.#width === partCount;
  }

  /** The key with this hash, in a part that is held. */
  find(keyHash: HashText): StateKey | undefined {
    const part = keyHash.charCodeAt(0);
    if (this.#open?.part !== part) {
      const keys = this.#parts[part - this.#first]?.keys() ?? [];
      this.#open = { part, keys: new Map(keys.map((key) => [sha256Latin1(key), key])) };
    }
    return this.#open.keys.get(keyHash);
  }

  #isHeld(part: number): boolean {
    return part >= this.#first && part < this.#first + this.#parts.length;
  }

  /** A pass over all keys that keeps those of the part and of as many after it as memory holds. */
  async #read(part: number): Promise<void> {
    this.#open = undefined;
    this.#first = this.#width === partCount ? 0 : part;
    this.#bytes = 0;
    this.#parts = Array.from({ length: Math.min(this.#width, partCount - this.#first) }, () => new PartKeys());
    const { from: start, to } = prefixRange(this.#space.state);
    for (let from: Uint8Array | undefined = start; from !== undefined; ) {
      const page: Uint8Array[] = await this.#snapshot.keys({ from, to, limit: pageKeys });
      for (const key of page) this.#keep(textOfKey(key));
      const last = page.at(-1);
      from = page.length < pageKeys || last === undefined ? undefined : new Uint8Array([...last, 0]);
      while (this.#bytes > this.#heldBytesMax && this.#parts.length > 1) this.#narrow(part);
    }
  }

  #keep(key: StateKey): void {
    const keys = this.#parts[sha256Latin1(key).charCodeAt(0) - this.#first];
    if (keys !== undefined) this.#bytes += keys.add(key);
  }

  /** Lets half of the parts go, and never the one that is asked for. */
  #narrow(part: number): void {
    const half = this.#parts.length >>> 1;
    const isInSecond = part >= this.#first + half;
    const dropped = isInSecond ? this.#parts.splice(0, half) : this.#parts.splice(half);
    if (isInSecond) this.#first += half;
    for (const keys of dropped) this.#bytes -= keys.byteLength;
    this.#width = this.#parts.length;
  }
}

/** Keys in one growing piece of memory, each after its length in two bytes. */
class PartKeys {
  #bytes = new Uint8Array(partBytesFirst);
  #length = 0;

  get byteLength(): number {
    return this.#length;
  }

  /** Bytes that it took. */
  add(key: StateKey): number {
    const end = this.#length + 2 + key.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, end));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length] = key.length >>> 8;
    this.#bytes[this.#length + 1] = key.length & 0xff;
    for (let index = 0; index < key.length; index++) this.#bytes[this.#length + 2 + index] = key.charCodeAt(index);
    this.#length = end;
    return 2 + key.length;
  }

  keys(): StateKey[] {
    const keys: StateKey[] = [];
    for (let at = 0; at < this.#length; ) {
      const start = at + 2;
      at = start + ((this.#bytes[at] as number) << 8) + (this.#bytes[at + 1] as number);
      keys.push(latin1Text(this.#bytes.subarray(start, at)));
    }
    return keys;
  }
}
