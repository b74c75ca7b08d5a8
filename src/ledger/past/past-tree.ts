import { latin1Text, present, readUint64 } from '../../base/index.ts';
import { HASH_BYTES, sha256Latin1 } from '../../crypto/portable.ts';
import { prefixedTextKey, prefixRange, type StoreSnapshot } from '../../storage/index.ts';
import type { AppliedRecord } from '../chain-store.ts';
import { placeOf } from '../snapshot/format.ts';
import { SourceTree } from '../snapshot/source-tree.ts';
import type { Child, HashText } from '../state/nodes.ts';
import { partDepth } from '../state/pages.ts';
import { joinParts, pageReader, partCount, partOf } from '../state/parts.ts';
import type { StateSpace } from '../state/state-space.ts';
import { type PageReader, type TreeChange, updateTree } from '../state/tree.ts';
import type { StateKey } from '../types/execution.ts';
import { laterUndo, valueBefore } from './undo.ts';

/** Keys of records that are looked at at a time, and values. */
const keysAtOnce = 1024;
const valuesAtOnce = 64;

/** Ends a slice of work where it is long enough. */
export type Pause = () => Promise<void>;

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
  readonly read: PageReader;

  private constructor(snapshot: StoreSnapshot, space: StateSpace, newest: SourceTree, height: number, pause: Pause) {
    this.#snapshot = snapshot;
    this.#space = space;
    this.#newest = newest;
    this.#height = height;
    this.#pause = pause;
    this.read = pageReader(snapshot, space);
  }

  /** After the block at `height`, at most the one of the applied record. Throws `storage-damaged`. */
  static async open(snapshot: StoreSnapshot, applied: AppliedRecord, height: number, pause: Pause): Promise<PastTree> {
    const newest = await SourceTree.open(snapshot, applied);
    return new PastTree(snapshot, applied.origin.space, newest, height, pause);
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

  /** What undoes all later blocks in a part: of each key the nearest record, in the order of key hashes. */
  async *#changesBack(part: number): AsyncGenerator<readonly TreeChange[]> {
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

function keyHashOf(record: Uint8Array): HashText {
  return latin1Text(record.subarray(1, 1 + HASH_BYTES));
}
