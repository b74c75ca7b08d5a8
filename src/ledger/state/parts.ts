import { assert, concatBytes, latin1Bytes, latin1Text, putLatin1, readUint64, uint64Bytes } from '../../base/index.ts';
import { HASH_BYTES } from '../../crypto/portable.ts';
import { type Operation, prefixedKey, type Store } from '../../storage/index.ts';
import { bitAt, type Child, emptyHash, type HashText, hashOf, type Inner, joined } from './nodes.ts';
import {
  damagedTree,
  decodePlace,
  encodePage,
  encodePlace,
  isPageDepth,
  pageDepth,
  pagePath,
  partDepth,
} from './pages.ts';
import type { StateSpace } from './state-space.ts';
import { type PageReader, type TreeChange, type TreeUpdate, updateTree } from './tree.ts';

export const partCount: number = 1 << partDepth;
const deltaRecordBytes = 2 * HASH_BYTES;
const heightBytes = 8;

/**
 * A part is written so many blocks after it changed, once enough changes wait that its pages are written for several of
 * them; where blocks change little, after `waitBlocksMax`. With a part a block, no more than 256 deltas beyond that are kept.
 */
const waitBlocks = 768;
const waitBlocksMax = 4096;
const pendingChangesWanted = 16_384;
/** Changes that no page holds yet, beyond which more than that is written: bounds memory and what a start has to do. */
const pendingChangesMax = 65_536;
/** Nodes of a part, beyond which its deep pages are dropped from memory after they were written. */
const residentNodesMax = 1024;

export interface TreePartsLimits {
  readonly waitBlocks: number;
  readonly waitBlocksMax: number;
  readonly pendingChangesWanted: number;
  readonly pendingChangesMax: number;
  readonly residentNodesMax: number;
}

/** A part whose pages in the store are of an earlier block. */
interface DirtyPart {
  /** Height of the first block that is not in its pages. */
  readonly since: number;
  changes: number;
  /** Places whose pages, if there are any, are to be deleted. */
  readonly removedPages: Uint8Array[];
}

/**
 * The state tree in the store. It is kept in 256 parts; a part is written, whole and atomically, some blocks after it
 * changed, so that a page which changes with every block is not written with every block. Until then the block's changes
 * stand in its delta, and a start applies the deltas to the parts: the root must come out as the chain says.
 *
 * What has waited longest is written first: a part a block once it has waited long enough, and more when too many changes
 * wait.
 */
export class TreeParts {
  /** In the order of `since`. */
  readonly #dirty = new Map<number, DirtyPart>();
  readonly #space: StateSpace;
  readonly #limits: TreePartsLimits;
  #pendingChanges = 0;
  /** Heights below this have no delta in the store. */
  #deltasFrom: number;
  /** Parts written by each commit that is not settled, oldest first. */
  readonly #written: number[][] = [];

  private constructor(space: StateSpace, deltasFrom: number, limits: Partial<TreePartsLimits>) {
    this.#space = space;
    this.#deltasFrom = deltasFrom;
    this.#limits = { waitBlocks, waitBlocksMax, pendingChangesWanted, pendingChangesMax, residentNodesMax, ...limits };
  }

  /** Of a tree that has no block yet. */
  static empty(space: StateSpace, limits: Partial<TreePartsLimits> = {}): TreeParts {
    return new TreeParts(space, 0, limits);
  }

  /**
   * The tree after the block at `height`, whose root has the given hash. Deltas are kept from `deltasFrom` on. Throws
   * `storage-damaged` when what is stored is not that tree.
   */
  static open(
    store: Store,
    space: StateSpace,
    applied: { readonly height: number; readonly deltasFrom: number; readonly rootHash: HashText },
    limits: Partial<TreePartsLimits> = {},
  ): { parts: TreeParts; root: Child } {
    const { height, deltasFrom, rootHash } = applied;
    const parts = new TreeParts(space, deltasFrom, limits);
    const stored = Array.from({ length: partCount }, (_, part) => decodePart(store.get(partKey(space, part))));
    const changes = new Map<string, TreeChange>();
    for (let at = deltasFrom; at <= height; at++) {
      const missing = decodeDelta(store.get(deltaKey(space, at))).filter(
        ({ keyHash }) => at > heightOf(stored, keyHash),
      );
      for (const change of missing) changes.set(change.keyHash, change);
      parts.#note(at, missing);
    }
    const { root, removedPages } = updateTree(
      joinParts(stored.map(({ child }) => child)),
      [...changes.values()],
      pageReader(store, space),
    );
    if (hashOf(root) !== rootHash) throw damagedTree();
    parts.#noteRemoved(removedPages);
    return { parts, root };
  }

  /** What the commit of the block writes. Blocks come in the order of their heights, those without changes too. */
  commit(height: number, { root, changes, removedPages }: TreeUpdate): Operation[] {
    const operations: Operation[] = [];
    if (changes.length > 0)
      operations.push({ type: 'put', key: deltaKey(this.#space, height), value: encodeDelta(changes) });
    this.#note(height, changes);
    this.#noteRemoved(removedPages);
    const written: number[] = [];
    for (const [part, dirty] of this.#dirty) {
      const isDue = written.length === 0 && dirty.since <= height - this.#waitBlocks;
      if (!isDue && this.#pendingChanges <= this.#limits.pendingChangesMax) break;
      this.#dirty.delete(part);
      this.#pendingChanges -= dirty.changes;
      written.push(part);
      for (const path of dirty.removedPages)
        operations.push({ type: 'delete', key: prefixedKey(this.#space.treeNode, path) });
      operations.push(...partOperations(this.#space, part, partOf(root, part), height));
    }
    this.#written.push(written);
    const [oldest] = this.#dirty.values();
    const kept = oldest?.since ?? height + 1;
    for (; this.#deltasFrom < kept; this.#deltasFrom++)
      operations.push({ type: 'delete', key: deltaKey(this.#space, this.#deltasFrom) });
    return operations;
  }

  /** As of the last {@link commit}: to be kept beside the root's hash, in the same batch. */
  get deltasFrom(): number {
    return this.#deltasFrom;
  }

  /** The operations of the oldest commit that is not settled are in the store: its pages can be read from there. */
  settle(root: Child): void {
    for (const part of this.#written.shift() ?? []) {
      const node = partOf(root, part);
      if (node?.type === 'inner' && countNodes(node) > this.#limits.residentNodesMax) forget(node, partDepth);
    }
  }

  get #waitBlocks(): number {
    return this.#pendingChanges >= this.#limits.pendingChangesWanted
      ? this.#limits.waitBlocks
      : this.#limits.waitBlocksMax;
  }

  #note(height: number, changes: readonly TreeChange[]): void {
    this.#pendingChanges += changes.length;
    for (const { keyHash } of changes) {
      const part = keyHash.charCodeAt(0);
      const dirty = this.#dirty.get(part);
      if (dirty === undefined) this.#dirty.set(part, { since: height, changes: 1, removedPages: [] });
      else dirty.changes += 1;
    }
  }

  #noteRemoved(pages: readonly Uint8Array[]): void {
    for (const path of pages) this.#dirty.get(path[1] as number)?.removedPages.push(path);
  }
}

/** Reads the pages that {@link TreeParts} wrote. */
export function pageReader(store: Pick<Store, 'get'>, space: StateSpace): PageReader {
  return (path) => store.get(prefixedKey(space.treeNode, path));
}

export function deltaKey(space: StateSpace, height: number): Uint8Array {
  return prefixedKey(space.treeDelta, uint64Bytes(height));
}

/** Key hash and value hash of each change; no value is the hash of nothing. */
function encodeDelta(changes: readonly TreeChange[]): Uint8Array {
  const bytes = new Uint8Array(changes.length * deltaRecordBytes);
  for (const [index, { keyHash, valueHash }] of changes.entries()) {
    putLatin1(bytes, keyHash, index * deltaRecordBytes);
    putLatin1(bytes, valueHash ?? emptyHash, index * deltaRecordBytes + HASH_BYTES);
  }
  return bytes;
}

/** The changes of a block; none where no delta is kept. Throws `storage-damaged`. */
export function decodeDelta(bytes: Uint8Array = new Uint8Array()): TreeChange[] {
  if (bytes.length % deltaRecordBytes !== 0) throw damagedTree();
  const changes: TreeChange[] = [];
  for (let at = 0; at < bytes.length; at += deltaRecordBytes) {
    const keyHash = latin1Text(bytes.subarray(at, at + HASH_BYTES));
    const valueHash = latin1Text(bytes.subarray(at + HASH_BYTES, at + deltaRecordBytes));
    changes.push({ keyHash, valueHash: valueHash === emptyHash ? undefined : valueHash });
  }
  return changes;
}

export function partKey(space: StateSpace, part: number): Uint8Array {
  return prefixedKey(space.treePart, Uint8Array.of(part));
}

/** What stood over a part's key hashes after the block at whose commit it was written. */
export interface StoredPart {
  /** -1 for a part that never was. */
  readonly height: number;
  readonly child: Child;
}

/** Throws `storage-damaged`. */
export function decodePart(bytes: Uint8Array | undefined): StoredPart {
  if (bytes === undefined) return { height: -1, child: undefined };
  // No height takes more than six of its eight bytes.
  if (bytes.length < heightBytes || bytes[0] !== 0 || bytes[1] !== 0) throw damagedTree();
  return { height: readUint64(bytes), child: decodePlace(bytes.subarray(heightBytes)) };
}

function heightOf(parts: readonly StoredPart[], keyHash: HashText): number {
  return (parts[keyHash.charCodeAt(0)] as StoredPart).height;
}

/** The root over what stands in the parts. */
export function joinParts(parts: readonly Child[]): Child {
  let level = parts;
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, index) => joined(level[2 * index], level[2 * index + 1]));
  return level[0];
}

/** What stands over the key hashes that begin with this byte, in a subtree at `rootDepth` that holds their place. */
export function partOf(root: Child, part: number, rootDepth = 0): Child {
  const place = String.fromCharCode(part);
  let node = root;
  for (let depth = rootDepth; depth < partDepth && node?.type === 'inner'; depth++)
    node = bitAt(place, depth) === 0 ? node.left : node.right;
  // A leaf stands as high up as it is alone.
  return node?.type === 'leaf' && node.keyHash.charCodeAt(0) !== part ? undefined : node;
}

/** Puts what stands over the part as of `height`, and all its pages that are not stored. */
export function partOperations(space: StateSpace, part: number, node: Child, height: number): Operation[] {
  const value = concatBytes(uint64Bytes(height), encodePlace(node));
  const operations: Operation[] = [{ type: 'put', key: partKey(space, part), value }];
  const place = new Uint8Array(HASH_BYTES);
  place[0] = part;
  if (node?.type === 'inner') writePages(space, node, place, partDepth, operations);
  return operations;
}

/** Puts the pages of a subtree that are not stored; `path` is the key hash of any leaf in it. */
export function pageOperations(space: StateSpace, node: Inner, path: HashText, depth: number): Operation[] {
  const operations: Operation[] = [];
  writePages(space, node, placeOf(path, depth), depth, operations);
  return operations;
}

/** The leading bits of a key hash, then zeros. */
function placeOf(path: HashText, depth: number): Uint8Array {
  const place = latin1Bytes(path);
  place.fill(0, Math.ceil(depth / 8));
  const last = depth >>> 3;
  if (depth % 8 !== 0) place[last] = (place[last] as number) & (0xff << (8 - (depth % 8)));
  return place;
}

/** `place` holds the bits above `depth`, and zeros. */
function writePages(space: StateSpace, node: Inner, place: Uint8Array, depth: number, operations: Operation[]): void {
  if (isPageDepth(depth)) {
    if (node.isStored) return;
    node.isStored = true;
    const key = prefixedKey(space.treeNode, pagePath(latin1Text(place), depth));
    operations.push({ type: 'put', key, value: encodePage(node) });
  }
  if (node.left?.type === 'inner') writePages(space, node.left, place, depth + 1, operations);
  if (node.right?.type !== 'inner') return;
  const byte = depth >>> 3;
  const bit = 0x80 >>> (depth & 7);
  place[byte] = (place[byte] as number) | bit;
  writePages(space, node.right, place, depth + 1, operations);
  place[byte] = (place[byte] as number) & ~bit;
}

function countNodes(node: Inner): number {
  let count = 1;
  if (node.left?.type === 'inner') count += countNodes(node.left);
  if (node.right?.type === 'inner') count += countNodes(node.right);
  return count;
}

/** Puts stubs in the place of the pages below the part's own. All of them are stored. */
function forget(node: Inner, depth: number): void {
  const isLastLevel = depth + 1 === partDepth + pageDepth;
  for (const side of ['left', 'right'] as const) {
    const child = node[side];
    if (child?.type !== 'inner') continue;
    if (!isLastLevel) forget(child, depth + 1);
    else {
      assert(child.isStored, 'a part was written whole');
      node[side] = { type: 'stub', hash: child.hash };
    }
  }
}
