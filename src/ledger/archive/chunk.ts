import { AssentError, assert, equalBytes } from '../../base/index.ts';
import { HASH_BYTES, sha256 } from '../../crypto/portable.ts';
import { ChunkBuilder } from './chunk-builder.ts';
import {
  bucketOf,
  type ChunkHead,
  decodeHead,
  findInBucket,
  headBytes,
  type NamePlace,
  offsetBytes,
  readUint32,
} from './chunk-format.ts';
import { type ArchivedBlock, damagedArchive, openEntry } from './entry.ts';

/** A chunk that is what was written: its digest is right. That it is of a chain, whoever knows the chain has to say. */
export class ArchiveChunk {
  readonly head: ChunkHead;
  readonly bytes: Uint8Array;
  /** SHA-256 of all but itself: tells two chunks apart. */
  readonly digest: Uint8Array;

  /** Throws `archive-damaged`, also for a chunk of another ledger. */
  constructor(bytes: Uint8Array, ledgerId: Uint8Array) {
    this.head = decodeHead(bytes);
    this.bytes = bytes;
    const end = bytes.length - HASH_BYTES;
    this.digest = bytes.slice(Math.max(0, end));
    const { first, placesAt, bucketsAt } = this.head;
    if (end < headBytes || !equalBytes(sha256(bytes.subarray(0, end)), this.digest))
      throw damagedArchive(`the chunk from block ${first} on is not what was written`);
    if (!equalBytes(this.head.ledgerId, ledgerId))
      throw damagedArchive(`the chunk from block ${first} on is of another ledger`);
    if (bucketsAt !== placesAt + (this.count + 1) * offsetBytes || bucketsAt > end)
      throw damagedArchive('the head of a chunk contradicts itself');
  }

  /** How many blocks. */
  get count(): number {
    return this.head.last - this.head.first + 1;
  }

  /** The block at a height of the chunk's. Throws `archive-damaged`. */
  block(height: number): ArchivedBlock {
    const { first, last, placesAt } = this.head;
    assert(height >= first && height <= last, 'the block is in the chunk');
    const at = placesAt + (height - first) * offsetBytes;
    const from = readUint32(this.bytes, at);
    const to = readUint32(this.bytes, at + offsetBytes);
    if (from < headBytes || to < from || to > placesAt) throw damagedArchive('a chunk contradicts itself');
    const block = openEntry(this.bytes.subarray(from, to));
    if (block.header.height !== height || !equalBytes(block.header.ledgerId, this.head.ledgerId))
      throw damagedArchive(`the chunk from block ${first} on has another block in the place of ${height}`);
    return block;
  }

  /** Where a block's hash or a transaction's id stands. Throws `archive-damaged`. */
  find(name: Uint8Array): NamePlace | undefined {
    const { first, bucketsAt, bucketBits } = this.head;
    const bucket = bucketOf(name, bucketBits);
    const at = bucketsAt + bucket * offsetBytes;
    const end = this.bytes.length - HASH_BYTES;
    if (at + 2 * offsetBytes > end) throw damagedArchive('a chunk contradicts itself');
    const [from, to] = [readUint32(this.bytes, at), readUint32(this.bytes, at + offsetBytes)];
    if (to < from || to > end) throw damagedArchive('a chunk contradicts itself');
    return findInBucket(this.bytes.subarray(from, to), { first, bucket }, name);
  }

  /**
   * Reads every block, yielding it, and makes sure that they follow one another, from the parent where one is given to
   * the head's last hash, and that the chunk is byte for byte the one that its blocks give. Yields nothing where others
   * may have their turn. Throws `archive-damaged`.
   */
  *verify(parentHash?: Uint8Array): Generator<ArchivedBlock | undefined, void> {
    const { first, last, ledgerId, lastHash } = this.head;
    const builder = new ChunkBuilder(ledgerId);
    let parent = parentHash;
    for (let height = first; height <= last; height++) {
      const block = this.block(height);
      if (parent !== undefined && !equalBytes(block.header.parentHash, parent))
        throw damagedArchive(`block ${height} does not follow the block before it`);
      if (builder.isFull) throw damagedArchive(`the chunk from block ${first} on is longer than the rule says`);
      addOrRefuse(builder, block);
      parent = block.hash;
      yield block;
    }
    if (parent === undefined || !equalBytes(parent, lastHash))
      throw damagedArchive(`the chunk from block ${first} on ends with another block than its head says`);
    if (!builder.isFull) throw damagedArchive(`the chunk from block ${first} on is shorter than the rule says`);
    const rebuilt = yield* unseen(builder.finish());
    if (!equalBytes(rebuilt, this.bytes))
      throw damagedArchive(`the chunk from block ${first} on is not the one that its blocks give`);
  }
}

function* unseen<T>(steps: Generator<void, T>): Generator<undefined, T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield undefined;
  }
}

/** A transaction that is none, under a root that is right, is the archive's fault here. */
function addOrRefuse(builder: ChunkBuilder, block: ArchivedBlock): void {
  try {
    builder.add(block);
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw damagedArchive(`a transaction of block ${block.header.height} is none: ${error.message}`, error);
  }
}
