import { AssentError, concatBytes, uint64Bytes } from '../../base/index.ts';
import { HASH_BYTES, leafHash, merkleRoot } from '../../crypto/portable.ts';
import { type KeyPrefix, prefixedKey, prefixRange, type StoreSnapshot } from '../../storage/index.ts';
import { decodeBlock } from '../block.ts';
import { type AppliedRecord, readStoredBlock } from '../chain-store.ts';
import { ledgerLimits } from '../limits.ts';
import { hashesIn, snapshotLimits } from './format.ts';
import { decodeExecutedId, groupCount } from './id-buckets.ts';
import { pause } from './pause.ts';

/** Ids of one slice. */
const pageIds = 512;
const firstCapacity = 64;

/**
 * The ids that a store's snapshot has executed, of the minutes of `validUntil` that are not over, each minute's in the
 * order of execution: from the blocks back to where no such id can be, and, where the ledger began with a snapshot not
 * long ago, from the ids that came with it.
 */
export class SourceIds {
  readonly #minutes: ReadonlyMap<number, IdList>;
  readonly #snapshot: StoreSnapshot;

  private constructor(snapshot: StoreSnapshot, minutes: ReadonlyMap<number, IdList>) {
    this.#snapshot = snapshot;
    this.#minutes = minutes;
  }

  /** Throws `storage-damaged`, also when there are more or fewer than the applied record says. */
  static async read(snapshot: StoreSnapshot, applied: AppliedRecord): Promise<SourceIds> {
    const { timestamp, origin, idBuckets } = applied;
    const firstMinute = Math.floor(timestamp / ledgerLimits.idBucketMs);
    const minutes = new Map<number, IdList>();
    const newestFirst = new Map<number, IdList>();
    let height = applied.height;
    for (
      let last = timestamp;
      height > origin.height && minuteOf(last + ledgerLimits.validityWindowMs) >= firstMinute;
    ) {
      const [bytes] = await snapshot.getMany([prefixedKey('block', uint64Bytes(height))]);
      if (bytes === undefined) throw damagedIds();
      const { header, transactions } = readStoredBlock(height, () => decodeBlock(bytes));
      last = header.timestamp;
      for (const { id, validUntil } of [...transactions].reverse())
        if (minuteOf(validUntil) >= firstMinute) listOf(newestFirst, minuteOf(validUntil)).add(id);
      height -= 1;
    }
    if (origin.height > 0 && height === origin.height) {
      for await (const [id, { minute, number }] of installedIds(snapshot, origin.space.executedId))
        if (minute >= firstMinute) listOf(minutes, minute).put(number, id);
    }
    for (const [minute, ids] of newestFirst)
      for (let number = ids.size - 1; number >= 0; number--) listOf(minutes, minute).add(ids.slice(number, number + 1));
    for (const [minute, bucket] of idBuckets) if (minutes.get(minute)?.size !== bucket.size) throw damagedIds();
    return new SourceIds(snapshot, minutes);
  }

  /** The ids of a group, 32 bytes each. Undefined where there is none. */
  group(minute: number, group: number): Uint8Array | undefined {
    const { idsInGroup } = snapshotLimits;
    const ids = this.#minutes.get(minute)?.slice(group * idsInGroup, (group + 1) * idsInGroup);
    return ids === undefined || ids.length === 0 ? undefined : ids;
  }

  /** The RFC 9162 roots of a minute's groups, 32 bytes each. Undefined where there are no ids. */
  async outline(minute: number): Promise<Uint8Array | undefined> {
    const size = this.#minutes.get(minute)?.size;
    if (size === undefined) return undefined;
    const roots: Uint8Array[] = [];
    for (let group = 0; group < groupCount(size); group++) {
      roots.push(merkleRoot(hashesIn(this.group(minute, group) as Uint8Array).map((id) => leafHash(id))));
      await pause(this.#snapshot);
    }
    return concatBytes(...roots);
  }
}

function listOf(minutes: Map<number, IdList>, minute: number): IdList {
  const ids = minutes.get(minute) ?? new IdList();
  minutes.set(minute, ids);
  return ids;
}

function minuteOf(timestamp: number): number {
  return Math.floor(timestamp / ledgerLimits.idBucketMs);
}

async function* installedIds(
  snapshot: StoreSnapshot,
  prefix: KeyPrefix,
): AsyncGenerator<readonly [id: Uint8Array, place: { minute: number; number: number }]> {
  const range = prefixRange(prefix);
  for (let { from } = range; ; ) {
    const keys = await snapshot.keys({ from, to: range.to, limit: pageIds });
    const values = await snapshot.getMany(keys);
    for (const [index, key] of keys.entries())
      yield [key.subarray(1), decodeExecutedId(values[index] as Uint8Array)] as const;
    const last = keys.at(-1);
    if (last === undefined || keys.length < pageIds) return;
    from = new Uint8Array([...last, 0]);
  }
}

/** Ids in one growing piece of memory. */
class IdList {
  #bytes = new Uint8Array(firstCapacity * HASH_BYTES);
  #size = 0;

  /** One after the last that is there. */
  get size(): number {
    return this.#size;
  }

  add(id: Uint8Array): void {
    this.put(this.#size, id);
  }

  put(number: number, id: Uint8Array): void {
    const end = (number + 1) * HASH_BYTES;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, end));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(id, number * HASH_BYTES);
    this.#size = Math.max(this.#size, number + 1);
  }

  slice(from: number, to: number): Uint8Array {
    return this.#bytes.slice(from * HASH_BYTES, Math.min(to, this.#size) * HASH_BYTES);
  }
}

function damagedIds(): AssentError {
  return new AssentError('storage-damaged', 'executed ids that the chain counts are not all stored');
}
