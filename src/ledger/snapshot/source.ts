import { AssentError, assert, concatBytes, latin1Bytes } from '../../base/index.ts';
import { prefixedTextKey, type Store, type StoreSnapshot } from '../../storage/index.ts';
import { hasApplied, readAppliedRecord, readBlock } from '../chain-store.ts';
import { hashOf, type Inner, type Leaf, type TreeNode } from '../state/nodes.ts';
import { encodePage, partDepth } from '../state/pages.ts';
import type { StateSpace } from '../state/state-space.ts';
import {
  type ChunkAddress,
  type ChunkContent,
  decodeAddress,
  encodeChunk,
  entryOverheadBytes,
  invalidSnapshot,
  snapshotLimits,
} from './format.ts';
import { encodeManifest, openManifest, type SnapshotManifest, type SnapshotProofs } from './manifest.ts';
import { pause } from './pause.ts';
import { SourceIds } from './source-ids.ts';
import { SourceKeys } from './source-keys.ts';
import { SourceTree } from './source-tree.ts';
import { splitChildren } from './split.ts';

/** Entries whose values are read at once. */
const entriesAtOnce = 64;

/** The stores that a source is open on. */
const openStores = new WeakSet<Store>();

export interface SnapshotSourceOptions {
  /** Bytes of the state's keys in memory at once. */
  readonly keyBytesMax?: number;
  /** Bytes of keys and values above which a subtree is split; at most those of a chunk. */
  readonly chunkContentBytesMax?: number;
}

/**
 * Gives out the state after one block, chunk by chunk, while the ledger goes on. It reads a snapshot of the store, which
 * holds back disk space: its owner closes it when it was not used for some time. One is open on a store at a time. Work
 * is done in slices of some milliseconds.
 */
export class SnapshotSource {
  readonly manifest: SnapshotManifest;
  readonly #store: Store;
  readonly #snapshot: StoreSnapshot;
  readonly #space: StateSpace;
  readonly #tree: SourceTree;
  readonly #keys: SourceKeys;
  readonly #contentBytesMax: number;
  #ids: SourceIds | undefined;
  /** One chunk is made at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #isOpen = true;

  private constructor(
    store: Store,
    snapshot: StoreSnapshot,
    manifest: SnapshotManifest,
    parts: {
      readonly space: StateSpace;
      readonly tree: SourceTree;
      readonly keys: SourceKeys;
      readonly contentBytesMax: number;
    },
  ) {
    this.#store = store;
    this.#snapshot = snapshot;
    this.manifest = manifest;
    this.#space = parts.space;
    this.#tree = parts.tree;
    this.#keys = parts.keys;
    this.#contentBytesMax = parts.contentBytesMax;
  }

  /**
   * Opens the state after the newest block that the store has applied. `proofsOf` gives what consensus knows of that
   * block. Undefined when there is nothing to give: no block yet, no proofs, or a record that an earlier version wrote.
   * Throws `storage-damaged`.
   */
  static async open(
    store: Store,
    proofsOf: (block: { readonly height: number; readonly hash: Uint8Array }) => SnapshotProofs | undefined,
    options: SnapshotSourceOptions = {},
  ): Promise<SnapshotSource | undefined> {
    assert(!openStores.has(store), 'one source is open on a store');
    if (!hasApplied(store)) return undefined;
    openStores.add(store);
    const snapshot = store.snapshot();
    let source: SnapshotSource | undefined;
    try {
      source = await SnapshotSource.#read(store, snapshot, proofsOf, options);
      return source;
    } finally {
      if (source === undefined) {
        openStores.delete(store);
        await snapshot.close();
      }
    }
  }

  static async #read(
    store: Store,
    snapshot: StoreSnapshot,
    proofsOf: Parameters<typeof SnapshotSource.open>[1],
    { keyBytesMax, chunkContentBytesMax }: SnapshotSourceOptions,
  ): Promise<SnapshotSource | undefined> {
    // Not the ledger's own point: the snapshot may hold one more batch than was told to it.
    const applied = readAppliedRecord(snapshot);
    const { height, historyBefore, origin } = applied;
    if (height === 0 || historyBefore === undefined) return undefined;
    const proofs = proofsOf(applied);
    if (proofs === undefined) return undefined;
    const block = readBlock(snapshot, height);
    if (block === undefined) throw new AssentError('storage-damaged', `the applied block ${height} is missing`);
    const bytes = encodeManifest({ ...proofs, block, historyBefore });
    const manifest = openManifest(bytes, block.header.ledgerId);
    const { space } = origin;
    const tree = await SourceTree.open(snapshot, applied);
    return new SnapshotSource(store, snapshot, manifest, {
      space,
      tree,
      keys: new SourceKeys(snapshot, space, keyBytesMax),
      contentBytesMax: Math.min(chunkContentBytesMax ?? Number.MAX_SAFE_INTEGER, snapshotLimits.chunkContentBytesMax),
    });
  }

  /** The chunk at an address as a sink asks for it. Throws `snapshot-invalid` for an address of nothing. */
  chunk(address: Uint8Array): Promise<Uint8Array> {
    const made = this.#turn.then(async () => {
      assert(this.#isOpen, 'the source is open');
      return encodeChunk(address, await this.#content(decodeAddress(address)));
    });
    // The next one does not depend on how this one ended.
    this.#turn = made.catch(() => undefined);
    return made;
  }

  /** Lets the store go. Waits for the chunk that is being made. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#turn;
    openStores.delete(this.#store);
    await this.#snapshot.close();
  }

  async #content(address: ChunkAddress): Promise<ChunkContent> {
    if (address.type === 'state') return this.#stateContent(address);
    this.#ids ??= await SourceIds.read(this.#snapshot, readAppliedRecord(this.#snapshot));
    const { minute } = address;
    const hashes = address.type === 'ids' ? this.#ids.group(minute, address.group) : await this.#ids.outline(minute);
    if (hashes === undefined) throw invalidSnapshot('there are no such executed ids');
    return { type: 'hashes', hashes };
  }

  async #stateContent(address: Extract<ChunkAddress, { type: 'state' }>): Promise<ChunkContent> {
    const { depth, path } = address;
    const node = this.#tree.at(depth, path);
    if (node === undefined && depth > 0) throw invalidSnapshot('nothing stands at an address');
    const entries = await this.#entries(node, address);
    if (entries !== undefined) return { type: 'entries', entries };
    assert(node?.type === 'inner', 'a leaf is never split');
    return { type: 'split', page: encodePage(node), children: await this.#splitProof(node, address) };
  }

  /** The subtree's entries, or undefined when they are too many for a chunk. */
  async #entries(
    node: TreeNode | undefined,
    { depth, path }: { readonly depth: number; readonly path: string },
  ): Promise<[string, Uint8Array][] | undefined> {
    const part = (node?.type === 'leaf' ? node.keyHash : path).charCodeAt(0);
    // A state whose keys do not fit memory fits a chunk even less, and so does each sixteenth of it.
    if (node?.type === 'inner' && depth < partDepth && !this.#keys.fitsWhole) return undefined;
    await this.#keys.cover(part);
    if (node?.type === 'inner' && depth < partDepth && !this.#keys.fitsWhole) return undefined;
    const leaves = this.#tree.leaves(node, path, depth);
    const entries: [string, Uint8Array][] = [];
    let bytes = 0;
    for (let batch = take(leaves, entriesAtOnce); batch.length > 0; batch = take(leaves, entriesAtOnce)) {
      const keys = batch.map(({ keyHash }) => this.#keyOf(keyHash));
      const values = await this.#snapshot.getMany(keys.map((key) => prefixedTextKey(this.#space.state, key)));
      for (const [index, key] of keys.entries()) {
        const value = values[index];
        if (value === undefined) throw damagedState();
        entries.push([key, value]);
        bytes += key.length + value.length + entryOverheadBytes;
        const isTooLarge = bytes > this.#contentBytesMax || entries.length > snapshotLimits.chunkEntriesMax;
        if (isTooLarge && node?.type === 'inner') return undefined;
      }
    }
    return entries;
  }

  #keyOf(keyHash: string): string {
    const key = this.#keys.find(keyHash);
    if (key === undefined) throw damagedState();
    return key;
  }

  async #splitProof(
    node: Inner,
    { depth, path }: { readonly depth: number; readonly path: string },
  ): Promise<Uint8Array> {
    const pairs: Uint8Array[] = [];
    for (const child of splitChildren(node, depth, path)) {
      if (!child.isInner) continue;
      const below = this.#tree.at(child.depth, child.path);
      assert(below?.type === 'inner', 'a stub stands for an inner node');
      pairs.push(latin1Bytes(hashOf(below.left)), latin1Bytes(hashOf(below.right)));
      await pause(this.#snapshot);
    }
    return concatBytes(...pairs);
  }
}

function take(leaves: Generator<Leaf>, count: number): Leaf[] {
  const taken: Leaf[] = [];
  while (taken.length < count) {
    const next = leaves.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

function damagedState(): AssentError {
  return new AssentError('storage-damaged', 'the state lacks an entry that its tree has');
}
