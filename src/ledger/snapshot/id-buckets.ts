import { assert, concatBytes, latin1Text, present, readUint64, uint64Bytes } from '../../base/index.ts';
import { HASH_BYTES, leafHash, MerkleFrontier } from '../../crypto/portable.ts';
import { bucketKeyPrefix } from '../block-builder.ts';
import type { HashText } from '../state/nodes.ts';
import { type ChunkAddress, decode, hashesIn, invalidSnapshot, list, snapshotLimits } from './format.ts';

/** What the state says of the ids that were executed, of one minute of `validUntil`. */
export interface IdBucket {
  readonly minute: number;
  readonly size: number;
  readonly root: HashText;
}

/** The bucket of an entry of the state, or undefined when it is another entry. Throws `snapshot-invalid`. */
export function bucketOf(key: string, value: Uint8Array): IdBucket | undefined {
  if (!key.startsWith(bucketKeyPrefix)) return undefined;
  const minute = Number(key.slice(bucketKeyPrefix.length));
  const [size, root] = list(decode(value, { bytesMax: 64, depthMax: 1, countMax: 3 }));
  const isBucket = Number.isSafeInteger(minute) && typeof size === 'number' && size > 0;
  if (!isBucket || !(root instanceof Uint8Array) || root.length !== HASH_BYTES)
    throw invalidSnapshot('the state has a malformed bucket of executed ids');
  if (groupCount(size) > snapshotLimits.groupsMax) throw invalidSnapshot('it has too many executed ids in a minute');
  return { minute, size, root: latin1Text(root) };
}

export function groupCount(size: number): number {
  return Math.ceil(size / snapshotLimits.idsInGroup);
}

/** Ids of a group of the bucket, the last of which may have fewer. */
export function idsInGroup(bucket: IdBucket, group: number): number {
  return Math.min(snapshotLimits.idsInGroup, bucket.size - group * snapshotLimits.idsInGroup);
}

/** The RFC 9162 tree over these ids, in their order. */
export function idFrontier(ids: readonly Uint8Array[]): MerkleFrontier {
  const frontier = MerkleFrontier.empty();
  for (const id of ids) frontier.append(leafHash(id));
  return frontier;
}

/** A stored id's minute and its place in the bucket. */
export function encodeExecutedId(minute: number, number: number): Uint8Array {
  return concatBytes(uint64Bytes(minute), uint64Bytes(number));
}

export function decodeExecutedId(bytes: Uint8Array): { minute: number; number: number } {
  return { minute: readUint64(bytes), number: readUint64(bytes, 8) };
}

/** One bucket on its way: which groups are held, and the peaks of each. */
export class StagedBucket {
  readonly bucket: IdBucket;
  readonly #peaks = new Map<number, Uint8Array>();

  constructor(bucket: IdBucket) {
    this.bucket = bucket;
  }

  /** What is wanted first: the only group, or the roots of all. */
  get first(): ChunkAddress {
    const { minute, size } = this.bucket;
    return groupCount(size) === 1 ? { type: 'ids', minute, group: 0 } : { type: 'outline', minute };
  }

  /** Keeps the peaks of a held group, which were proved. */
  hold(group: number, peaks: Uint8Array): void {
    this.#peaks.set(group, peaks);
  }

  /** The whole bucket's frontier, once every group is held. */
  frontier(): MerkleFrontier {
    const { size } = this.bucket;
    const count = groupCount(size);
    assert(this.#peaks.size === count, 'every group is held');
    const groups = Array.from({ length: count }, (_, group) => hashesIn(present(this.#peaks.get(group), 'as counted')));
    // A full group has one peak, its root: equal subtrees join as leaves do.
    const isLastFull = size % snapshotLimits.idsInGroup === 0;
    const full = MerkleFrontier.empty();
    for (const [root] of isLastFull ? groups : groups.slice(0, -1)) full.append(present(root, 'a peak'));
    return MerkleFrontier.of(size, [...full.peaks, ...(isLastFull ? [] : present(groups.at(-1), 'a group'))]);
  }
}
