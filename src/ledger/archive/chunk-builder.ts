import { assert, compareBytes, concatBytes, equalBytes, present } from '../../base/index.ts';
import { sha256 } from '../../crypto/portable.ts';
import { transactionIdOf } from '../transaction.ts';
import {
  blockItself,
  bucketBitsOf,
  bucketCheck,
  bucketOf,
  encodeHead,
  headBytes,
  isLastOfChunk,
  nameBytes,
  offsetBytes,
  uint32Bytes,
} from './chunk-format.ts';
import { type ArchivedBlock, encodeEntry } from './entry.ts';
import type { ChunkRange } from './names.ts';

/** What a builder takes of a block. */
export type ChunkBlock = Omit<ArchivedBlock, 'hashHex'>;

/** Buckets that are put in order in one slice. */
const bucketsAtOnce = 64;

/** Makes a chunk of blocks, block by block. The same blocks give the same bytes. */
export class ChunkBuilder {
  readonly #ledgerId: Uint8Array;
  readonly #entries: Uint8Array[] = [];
  readonly #names: Uint8Array[] = [];
  #entriesBytes = 0;
  #first: number | undefined;
  #last: ChunkBlock | undefined;

  constructor(ledgerId: Uint8Array) {
    this.#ledgerId = ledgerId;
  }

  /** No further block belongs to this chunk. */
  get isFull(): boolean {
    return this.#last !== undefined && isLastOfChunk(this.#last.header.height, this.#entriesBytes);
  }

  /** The blocks that were added. */
  get range(): ChunkRange | undefined {
    if (this.#first === undefined || this.#last === undefined) return undefined;
    return { first: this.#first, last: this.#last.header.height };
  }

  /** The block after the one before. */
  add(block: ChunkBlock): void {
    assert(!this.isFull, 'no block is added to a full chunk');
    const { height, parentHash } = block.header;
    const last = this.#last;
    assert(
      last === undefined || (height === last.header.height + 1 && equalBytes(parentHash, last.hash)),
      'the blocks of a chunk follow one another',
    );
    this.#first ??= height;
    const number = height - this.#first;
    this.#names.push(nameOf(block.hash, number, blockItself));
    for (const [index, bytes] of block.transactionBytes.entries())
      this.#names.push(nameOf(transactionIdOf(bytes), number, index));
    const entry = encodeEntry(block);
    this.#entries.push(entry);
    this.#entriesBytes += entry.length;
    this.#last = block;
  }

  /** The bytes of a full chunk. Yields where others may have their turn. */
  *finish(): Generator<void, Uint8Array> {
    assert(this.isFull, 'a chunk is finished when it is full');
    const { first, last } = present(this.range, 'a full chunk has blocks');
    const placesAt = headBytes + this.#entriesBytes;
    const bucketsAt = placesAt + (this.#entries.length + 1) * offsetBytes;
    const nameCount = this.#names.length;
    const bucketBits = bucketBitsOf(nameCount);
    const lastHash = present(this.#last, 'a full chunk has blocks').hash;
    const head = { ledgerId: this.#ledgerId, first, last, placesAt, bucketsAt, nameCount, bucketBits, lastHash };
    const places = offsets(headBytes, this.#entries);
    yield;
    const buckets = yield* this.#buckets(first, bucketBits);
    const bucketPlaces = offsets(bucketsAt + (buckets.length + 1) * offsetBytes, buckets);
    const content = concatBytes(encodeHead(head), ...this.#entries, places, bucketPlaces, ...buckets);
    yield;
    return concatBytes(content, sha256(content));
  }

  *#buckets(first: number, bits: number): Generator<void, Uint8Array[]> {
    const sorted: Uint8Array[][] = Array.from({ length: 2 ** bits }, () => []);
    for (const name of this.#names) sorted[bucketOf(name, bits)]?.push(name);
    const buckets: Uint8Array[] = [];
    for (const [bucket, names] of sorted.entries()) {
      if (bucket % bucketsAtOnce === 0) yield;
      const joined = concatBytes(...names.sort(compareBytes));
      buckets.push(concatBytes(joined, bucketCheck(first, bucket, joined)));
    }
    return buckets;
  }
}

/** Runs a builder's end in one go. */
export function finished(builder: ChunkBuilder): Uint8Array {
  const steps = builder.finish();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function nameOf(hash: Uint8Array, number: number, index: number): Uint8Array {
  const name = new Uint8Array(nameBytes);
  name.set(hash);
  const view = new DataView(name.buffer, nameBytes - 4);
  view.setUint16(0, number);
  view.setUint16(2, index);
  return name;
}

/** Of each piece its offset, where the first begins at `from`, then the end of the last. */
function offsets(from: number, pieces: readonly Uint8Array[]): Uint8Array {
  let at = from;
  const all = [uint32Bytes(at)];
  for (const piece of pieces) {
    at += piece.length;
    all.push(uint32Bytes(at));
  }
  return concatBytes(...all);
}
