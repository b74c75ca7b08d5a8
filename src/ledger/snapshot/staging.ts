import { assert, concatBytes, equalBytes, latin1Text, present } from '../../base/index.ts';
import { HASH_BYTES, merkleRoot, nodeHash, sha256Latin1 } from '../../crypto/portable.ts';
import { type Entry, type Operation, prefixedKey, prefixedTextKey } from '../../storage/index.ts';
import { emptyHash, type HashText, hashOf, type Inner, leaf } from '../state/nodes.ts';
import { decodePage, pagePath, partDepth } from '../state/pages.ts';
import { pageOperations, partOf, partOperations } from '../state/parts.ts';
import type { StateSpace } from '../state/state-space.ts';
import { subtreeOf } from '../state/tree.ts';
import {
  type Chunk,
  type ChunkAddress,
  type ChunkContent,
  decodeChunk,
  encodeAddress,
  hashesIn,
  invalidSnapshot,
  placeOf,
  snapshotLimits,
} from './format.ts';
import { bucketOf, encodeExecutedId, groupCount, idFrontier, idsInGroup, StagedBucket } from './id-buckets.ts';
import type { SnapshotManifest } from './manifest.ts';
import { splitChildren } from './split.ts';
import { recordKey } from './staging-keys.ts';

interface Wanted {
  readonly address: ChunkAddress;
  readonly addressBytes: Uint8Array;
  /** Of the subtree, or of the list of ids. */
  readonly hash: HashText;
}

/** What is left of a held chunk in the store, beside its content. */
type ReadRecord = (addressBytes: Uint8Array) => Uint8Array | undefined;

/**
 * The chunks of one snapshot: which are held, which are wanted, and what to write for one that arrives. From the state's
 * root down every hash is known before its chunk is wanted, so each chunk is proved by itself. Every held chunk leaves a
 * record in the batch that holds its content; a restart walks down the records.
 */
export class Staging {
  readonly manifest: SnapshotManifest;
  readonly #space: StateSpace;
  readonly #readRecord: ReadRecord;
  readonly #wanted = new Map<string, Wanted>();
  readonly #held = new Set<string>();
  readonly #buckets = new Map<number, StagedBucket>();

  /**
   * @param readRecord finds nothing for a snapshot that only begins
   * @param bucketEntries the entries of executed ids that are staged already
   */
  constructor(
    space: StateSpace,
    manifest: SnapshotManifest,
    readRecord: ReadRecord = () => undefined,
    bucketEntries: readonly Entry[] = [],
  ) {
    this.#space = space;
    this.manifest = manifest;
    this.#readRecord = readRecord;
    const root = latin1Text(manifest.block.header.stateRoot);
    this.#want({ type: 'state', depth: 0, path: emptyHash }, root);
    for (const [key, value] of bucketEntries) this.#noteBucket(latin1Text(key.subarray(1)), value);
  }

  /** Addresses that are wanted, at most `max`; empty when everything is held. */
  missing(max: number): Uint8Array[] {
    const addresses: Uint8Array[] = [];
    for (const { addressBytes } of this.#wanted.values()) {
      if (addresses.length >= max) break;
      addresses.push(addressBytes);
    }
    return addresses;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  get isComplete(): boolean {
    return this.#wanted.size === 0;
  }

  /** Frontiers of the executed ids by minute of `validUntil`. Of a complete snapshot. */
  idBuckets(): Map<number, ReturnType<StagedBucket['frontier']>> {
    assert(this.isComplete, 'all chunks are held');
    return new Map([...this.#buckets].map(([minute, bucket]) => [minute, bucket.frontier()]));
  }

  /**
   * Proves a chunk and gives what is to be written, in one batch; nothing for one that is held already. Throws
   * `snapshot-invalid`, with nothing changed.
   */
  accept(bytes: Uint8Array): Operation[] {
    const chunk = decodeChunk(bytes);
    const text = latin1Text(chunk.addressBytes);
    if (this.#held.has(text)) return [];
    const wanted = this.#wanted.get(text);
    if (wanted === undefined) throw invalidSnapshot('a chunk was not asked for');
    const { record, operations } = this.#prove(chunk, wanted.hash);
    this.#wanted.delete(text);
    this.#hold(wanted, record);
    const { content } = chunk;
    if (content.type === 'entries') for (const [key, value] of content.entries) this.#noteBucket(key, value);
    return [...operations, { type: 'put', key: recordKey(chunk.addressBytes), value: record }];
  }

  #prove({ address, content }: Chunk, hash: HashText): { record: Uint8Array; operations: Operation[] } {
    if (address.type === 'state') {
      if (content.type === 'split') return this.#proveSplit(address, content, hash);
      assert(content.type === 'entries', 'the codec lets nothing else pass');
      return { record: new Uint8Array(), operations: this.#proveEntries(address, content.entries, hash) };
    }
    assert(content.type === 'hashes', 'the codec lets nothing else pass');
    const hashes = hashesIn(content.hashes);
    const { bucket } = present(this.#buckets.get(address.minute), 'a bucket is known before it is wanted');
    if (address.type === 'outline') {
      if (hashes.length !== groupCount(bucket.size) || latin1Text(merkleRoot(hashes)) !== hash)
        throw invalidSnapshot('roots of executed ids are not those of the state');
      return { record: content.hashes, operations: [] };
    }
    const frontier = idFrontier(hashes);
    if (frontier.size !== idsInGroup(bucket, address.group) || latin1Text(frontier.root()) !== hash)
      throw invalidSnapshot('executed ids are not those of the state');
    const from = address.group * snapshotLimits.idsInGroup;
    const operations = hashes.map((id, index): Operation => {
      const key = prefixedKey(this.#space.executedId, id);
      return { type: 'put', key, value: encodeExecutedId(address.minute, from + index) };
    });
    return { record: concatBytes(...frontier.peaks), operations };
  }

  #proveEntries(
    { depth, path }: Extract<ChunkAddress, { type: 'state' }>,
    entries: Extract<ChunkContent, { type: 'entries' }>['entries'],
    hash: HashText,
  ): Operation[] {
    const leaves = entries.map(([key, value]) => leaf(sha256Latin1(key), sha256Latin1(value)));
    for (const [index, { keyHash }] of leaves.entries()) {
      const before = leaves[index - 1];
      if (placeOf(keyHash, depth) !== path || (before !== undefined && before.keyHash >= keyHash))
        throw invalidSnapshot('the entries of a chunk are not those of its subtree, in their order');
    }
    const root = subtreeOf(depth, leaves);
    if (hashOf(root) !== hash) throw invalidSnapshot('the entries of a chunk have another root');
    const operations = entries.map(
      ([key, value]): Operation => ({ type: 'put', key: prefixedTextKey(this.#space.state, key), value }),
    );
    if (depth > partDepth)
      return root?.type === 'inner' ? [...operations, ...pageOperations(this.#space, root, path, depth)] : operations;
    const first = path.charCodeAt(0);
    for (let part = first; part < first + (1 << (partDepth - depth)); part++)
      operations.push(...partOperations(this.#space, part, partOf(root, part, depth), this.#height));
    return operations;
  }

  #proveSplit(
    { depth, path }: Extract<ChunkAddress, { type: 'state' }>,
    { page, children }: Extract<ChunkContent, { type: 'split' }>,
    hash: HashText,
  ): { record: Uint8Array; operations: Operation[] } {
    const node = openPage(page, hash);
    const stubs = splitChildren(node, depth, path).filter(({ isInner }) => isInner);
    const pairs = hashesIn(children);
    if (children.length !== 2 * HASH_BYTES * stubs.length) throw invalidSnapshot('a split has other children');
    for (const [index, stub] of stubs.entries()) {
      const [left, right] = [pairs[2 * index], pairs[2 * index + 1]];
      if (latin1Text(nodeHash(present(left, 'a pair'), present(right, 'a pair'))) !== stub.hash)
        throw invalidSnapshot('what stands below a split is no inner node');
    }
    const operations: Operation[] = [];
    if (depth === partDepth)
      operations.push(...partOperations(this.#space, path.charCodeAt(0), { type: 'stub', hash }, this.#height));
    if (depth >= partDepth)
      operations.push({ type: 'put', key: prefixedKey(this.#space.treeNode, pagePath(path, depth)), value: page });
    return { record: page, operations };
  }

  get #height(): number {
    return this.manifest.block.header.height;
  }

  #want(address: ChunkAddress, hash: HashText): void {
    const addressBytes = encodeAddress(address);
    const wanted = { address, addressBytes, hash };
    const record = this.#readRecord(addressBytes);
    if (record === undefined) this.#wanted.set(latin1Text(addressBytes), wanted);
    else this.#hold(wanted, record);
  }

  /** A proved chunk: what follows from it is wanted next. */
  #hold({ address, addressBytes, hash }: Wanted, record: Uint8Array): void {
    this.#held.add(latin1Text(addressBytes));
    if (address.type === 'state') {
      if (record.length === 0) return;
      for (const child of splitChildren(openPage(record, hash), address.depth, address.path))
        this.#want({ type: 'state', depth: child.depth, path: child.path }, child.hash);
    } else if (address.type === 'outline') {
      for (const [group, root] of hashesIn(record).entries())
        this.#want({ type: 'ids', minute: address.minute, group }, latin1Text(root));
    } else present(this.#buckets.get(address.minute), 'known before it is held').hold(address.group, record);
  }

  #noteBucket(key: string, value: Uint8Array): void {
    const bucket = bucketOf(key, value);
    if (bucket === undefined) return;
    const staged = new StagedBucket(bucket);
    this.#buckets.set(bucket.minute, staged);
    this.#want(staged.first, bucket.root);
  }
}

function openPage(page: Uint8Array, hash: HashText): Inner {
  try {
    return decodePage(page, hash);
  } catch (error) {
    throw invalidSnapshot('the top of a subtree has another root', error);
  }
}

/** Whether two manifests are of the same block, so that the chunks of one are those of the other. */
export function isSameState(left: SnapshotManifest, right: SnapshotManifest): boolean {
  return equalBytes(left.block.hash, right.block.hash);
}
