import { latin1Text, present, readUint64 } from '../../base/index.ts';
import { HASH_BYTES, sha256Latin1 } from '../../crypto/portable.ts';
import { prefixedTextKey, prefixRange, type StoreSnapshot } from '../../storage/index.ts';
import type { AppliedRecord } from '../chain-store.ts';
import { placeOf } from '../snapshot/format.ts';
import { SourceTree } from '../snapshot/source-tree.ts';
import type { Child, HashText } from '../state/nodes.ts';
import { partDepth } from '../state/pages.ts';
import { decodeDelta, deltaKey, joinParts, pageReader, partCount, partOf } from '../state/parts.ts';
import type { StateSpace } from '../state/state-space.ts';
import { type PageReader, type TreeChange, updateTree } from '../state/tree.ts';
import type { StateKey } from '../types/execution.ts';
import { laterUndo, valueBefore } from './undo.ts';

/** Keys of records that are looked at at a time, and values. */
const keysAtOnce = 1024;
const valuesAtOnce = 64;

/** Ends a slice of work where it is long enough. */
export type Pause = () => Promise<void>;

export interface PastTreeOptions {
  /** Of the block after which it was; at most the one of the applied record. */
  readonly height: number;
  readonly pause: Pause;
  /** So many changes of later blocks are looked up one by one; beyond that all records are gone through. */
  readonly recentChangesMax: number;
}

/** By part: hashes of keys. */
type ChangedKeys = ReadonlyMap<number, ReadonlySet<HashText>>;

/**
 * The state tree as it was after a block of the past: the tree of the newest block in a store's snapshot, with every key
 * that a later block changed put back. A part of the tree at a time is in memory, and what a slice does is bounded.
 */
export class PastTree {
  readonly #snapshot: StoreSnapshot;
  readonly #space: StateSpace;
  readonly #newest: SourceTree;
  readonly #height: number;
  readonly #pause: Pause;
  /** What later blocks changed; undefined where that is long ago or much, and every record is looked at. */
  readonly #changed: ChangedKeys | undefined;
  readonly read: PageReader;

  private constructor(
    snapshot: StoreSnapshot,
    space: StateSpace,
    trees: { readonly newest: SourceTree; readonly changed: ChangedKeys | undefined },
    { height, pause }: PastTreeOptions,
  ) {
    this.#snapshot = snapshot;
    this.#space = space;
    this.#newest = trees.newest;
    this.#changed = trees.changed;
    this.#height = height;
    this.#pause = pause;
    this.read = pageReader(snapshot, space);
  }

  /** Throws `storage-damaged`. */
  static async open(snapshot: StoreSnapshot, applied: AppliedRecord, options: PastTreeOptions): Promise<PastTree> {
    const newest = await SourceTree.open(snapshot, applied);
    const changed = await changedSince(snapshot, applied, options);
    return new PastTree(snapshot, applied.origin.space, { newest, changed }, options);
  }

  /** What stood over the key hashes that begin with this byte. Throws `storage-damaged`. */
  async part(part: number): Promise<Child> {
    let child: Child = this.#newest.at(
      partDepth,
      placeOf(String.fromCharCode(part).padEnd(HASH_BYTES, '\0'), partDepth),
    );
    for await (const changes of this.#changesBack(part)) {
      const alone = joinParts(Array.from({ length: partCount }, (_, index) => (index === part ? child : undefined)));
      child = partOf(updateTree(alone, changes, this.read).root, part);
      await this.#pause();
    }
    return child;
  }

  /** What stood under the key; for whoever proves it. */
  async value(key: StateKey): Promise<Uint8Array | undefined> {
    const [record] = await this.#snapshot.keys({ ...laterUndo(sha256Latin1(key), this.#height), limit: 1 });
    if (record === undefined) return this.#snapshot.get(prefixedTextKey(this.#space.state, key));
    return valueBefore(present(this.#snapshot.get(record), 'a snapshot has what it lists'));
  }

  /** What undoes all later blocks in a part: of each key the nearest record. */
  #changesBack(part: number): AsyncGenerator<readonly TreeChange[]> {
    return this.#changed === undefined ? this.#allBack(part) : this.#knownBack([...(this.#changed.get(part) ?? [])]);
  }

  async *#knownBack(changed: readonly HashText[]): AsyncGenerator<readonly TreeChange[]> {
    for (let start = 0; start < changed.length; start += valuesAtOnce) {
      const keyHashes = changed.slice(start, start + valuesAtOnce);
      const nearest = (keyHash: HashText) => this.#snapshot.keys({ ...laterUndo(keyHash, this.#height), limit: 1 });
      yield await this.#changes((await Promise.all(keyHashes.map(nearest))).flat());
    }
  }

  async *#allBack(part: number): AsyncGenerator<readonly TreeChange[]> {
    let { from, to } = prefixRange('stateHistory', Uint8Array.of(part));
    for (let isMore = true; isMore; ) {
      const keys = await this.#snapshot.keys({ from, to, limit: keysAtOnce });
      const nearest: Uint8Array[] = [];
      let found: HashText | undefined;
      for (const key of keys) {
        const keyHash = keyHashOf(key);
        if (keyHash === found || readUint64(key, key.length - 8) <= this.#height) continue;
        nearest.push(key);
        found = keyHash;
      }
      for (let start = 0; start < nearest.length; start += valuesAtOnce)
        yield await this.#changes(nearest.slice(start, start + valuesAtOnce));
      await this.#pause();
      const last = keys.at(-1);
      isMore = last !== undefined && keys.length === keysAtOnce;
      if (last === undefined) continue;
      // A key that many blocks changed has many records, of which one counts.
      const later = laterUndo(keyHashOf(last), this.#height);
      from = keyHashOf(last) === found ? later.to : later.from;
    }
  }

  async #changes(records: readonly Uint8Array[]): Promise<TreeChange[]> {
    const values = await this.#snapshot.getMany(records);
    return records.map((record, index) => {
      const value = valueBefore(present(values[index], 'a snapshot has what it lists'));
      return { keyHash: keyHashOf(record), valueHash: value && sha256Latin1(value) };
    });
  }
}

/** The keys that blocks above the height changed, while the tree's deltas of all of them are there and they are few. */
async function changedSince(
  snapshot: StoreSnapshot,
  { origin, deltasFrom, height: newest }: AppliedRecord,
  { height, recentChangesMax }: PastTreeOptions,
): Promise<ChangedKeys | undefined> {
  if (deltasFrom > height + 1) return undefined;
  const changed = new Map<number, Set<HashText>>();
  let count = 0;
  for (let at = height + 1; at <= newest; at++) {
    const [delta] = await snapshot.getMany([deltaKey(origin.space, at)]);
    for (const { keyHash } of decodeDelta(delta)) {
      const part = keyHash.charCodeAt(0);
      const keys = changed.get(part) ?? new Set();
      changed.set(part, keys.add(keyHash));
      count += 1;
    }
    if (count > recentChangesMax) return undefined;
  }
  return changed;
}

function keyHashOf(record: Uint8Array): HashText {
  return latin1Text(record.subarray(1, 1 + HASH_BYTES));
}
