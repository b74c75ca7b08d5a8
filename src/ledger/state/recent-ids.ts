const slotsMin = 1024;

/**
 * Ids executed of late, so that a transaction seen for the first time needs no look at the store. An id executed at time
 * t is remembered for a validity window at least, and after that it is void anyway; ids are hashes, of which 32 bits are
 * kept. Answers may be "perhaps" for an id that is not there, never "no" for one that is.
 */
export class RecentIds {
  readonly #windowMs: number;
  /** Every id executed in a block after this time was added. */
  readonly #sinceMs: number;
  #startedMs: number;
  #newestMs: number;
  #young = new Fingerprints();
  #old = new Fingerprints();

  constructor(windowMs: number, sinceMs: number) {
    this.#windowMs = windowMs;
    this.#sinceMs = sinceMs;
    this.#startedMs = sinceMs;
    this.#newestMs = sinceMs;
  }

  /** The ids of a block. Blocks come in chain order. */
  add(ids: readonly { readonly id: Uint8Array }[], timestampMs: number): void {
    this.#newestMs = timestampMs;
    if (timestampMs - this.#startedMs > this.#windowMs) {
      this.#old = this.#young;
      this.#young = new Fingerprints();
      this.#startedMs = timestampMs;
    }
    for (const { id } of ids) this.#young.add(fingerprintOf(id));
  }

  /**
   * False: no block so far has executed it. A transaction is executed within a window before its `validUntil`, so one of
   * before this began, or whose time has passed, may have been.
   */
  mayHave(id: Uint8Array, validUntilMs: number): boolean {
    if (validUntilMs <= this.#sinceMs + this.#windowMs || validUntilMs < this.#newestMs) return true;
    const fingerprint = fingerprintOf(id);
    return this.#young.has(fingerprint) || this.#old.has(fingerprint);
  }
}

function fingerprintOf(id: Uint8Array): number {
  return new DataView(id.buffer, id.byteOffset).getUint32(0);
}

/** A set of numbers of 32 bits, open addressing with linear probing, at most half full. */
class Fingerprints {
  #slots = new Uint32Array(slotsMin);
  #count = 0;
  /** Zero marks a free slot. */
  #hasZero = false;

  has(value: number): boolean {
    return value === 0 ? this.#hasZero : this.#slots[this.#slotOf(value)] === value;
  }

  add(value: number): void {
    if (value === 0) this.#hasZero = true;
    else if (!this.has(value)) this.#insert(value);
  }

  #insert(value: number): void {
    if (2 * (this.#count + 1) > this.#slots.length) this.#grow();
    this.#slots[this.#slotOf(value)] = value;
    this.#count += 1;
  }

  /** Where the value is, or the free slot where it would be. */
  #slotOf(value: number): number {
    const mask = this.#slots.length - 1;
    let slot = value & mask;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== value) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (const value of before) if (value !== 0) this.#slots[this.#slotOf(value)] = value;
  }
}
