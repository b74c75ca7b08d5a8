import { assert, compareBytes, equalBytes } from '../../base/index.ts';
import {
  bitAt,
  type Child,
  decodeNode,
  hashOf,
  type Inner,
  inner,
  type Leaf,
  leaf,
  pathOf,
  type TreeNode,
} from './nodes.ts';

/** A changed key: its hash, and its new value's hash or undefined when it was deleted. */
export interface TreeChange {
  readonly keyHash: Uint8Array;
  readonly valueHash: Uint8Array | undefined;
}

/** Node changes by place, for the store: the node to put, or undefined to delete. */
export type NodeChanges = Map<string, { readonly path: Uint8Array; readonly node: TreeNode | undefined }>;

/** Reads a stored node by its place. */
export type NodeReader = (path: Uint8Array) => Uint8Array | undefined;

/**
 * Applies a block's changes in one pass, hashing each touched node once. Gives the new root and what changes on disk;
 * the old root stays as it was, so that blocks that are not committed yet can share it.
 */
export function updateTree(
  root: Child,
  changes: readonly TreeChange[],
  read: NodeReader,
): { root: Child; nodes: NodeChanges } {
  const sorted = [...changes].sort((left, right) => compareBytes(left.keyHash, right.keyHash));
  for (let index = 1; index < sorted.length; index++) {
    assert(
      !equalBytes((sorted[index] as TreeChange).keyHash, (sorted[index - 1] as TreeChange).keyHash),
      'a key changes once a block',
    );
  }
  const update = new Update(read);
  return { root: update.apply(root, 0, sorted, 0, sorted.length), nodes: update.nodes };
}

class Update {
  readonly nodes: NodeChanges = new Map();
  readonly #read: NodeReader;

  constructor(read: NodeReader) {
    this.#read = read;
  }

  /** The subtree at `depth` after the changes [start, end), which all lie in it. */
  apply(old: Child, depth: number, changes: readonly TreeChange[], start: number, end: number): Child {
    if (start === end) return old;
    const place = (changes[start] as TreeChange).keyHash;
    if (old === undefined) return this.#build(depth, leavesOf(changes, start, end), place);
    const node = this.#load(old, place, depth);
    if (node.type === 'leaf') {
      const leaves = leavesOf(changes, start, end);
      if (!isChanged(node.keyHash, changes, start, end)) insertSorted(leaves, node);
      const built = this.#build(depth, leaves, place);
      if (built === undefined) this.#delete(place, depth);
      return built;
    }
    return this.#applyToInner(node, depth, changes, start, end);
  }

  #applyToInner(node: Inner, depth: number, changes: readonly TreeChange[], start: number, end: number): Child {
    const place = (changes[start] as TreeChange).keyHash;
    const middle = firstWithBit(changes, depth, start, end);
    const left = this.apply(node.left, depth + 1, changes, start, middle);
    const right = this.apply(node.right, depth + 1, changes, middle, end);
    if (left !== undefined && right !== undefined) return this.#put(inner(left, right), place, depth);
    const only = left ?? right;
    if (only === undefined) {
      this.#delete(place, depth);
      return undefined;
    }
    // A subtree of one key is that key's leaf: the leaf moves up.
    const side = left === undefined ? 1 : 0;
    const below = sibling(place, depth, side);
    const loaded = this.#load(only, below, depth + 1);
    if (loaded.type === 'inner') return this.#put(inner(left, right), place, depth);
    this.#delete(below, depth + 1);
    return this.#put(loaded, place, depth);
  }

  /** A subtree of these leaves, in key order, where nothing was before or only a leaf. */
  #build(depth: number, leaves: readonly Leaf[], place: Uint8Array): Child {
    if (leaves.length === 0) return undefined;
    const first = leaves[0] as Leaf;
    if (leaves.length === 1) return this.#put(first, place, depth);
    const middle = leaves.findIndex((item) => bitAt(item.keyHash, depth) === 1);
    const split = middle === -1 ? leaves.length : middle;
    const left = this.#build(depth + 1, leaves.slice(0, split), first.keyHash);
    const right = this.#build(depth + 1, leaves.slice(split), (leaves[split] ?? first).keyHash);
    return this.#put(inner(left, right), place, depth);
  }

  #load(child: NonNullable<Child>, place: Uint8Array, depth: number): TreeNode {
    return child.type === 'stub' ? decodeNode(this.#read(pathOf(place, depth)), child.hash) : child;
  }

  #put<T extends TreeNode>(node: T, place: Uint8Array, depth: number): T {
    const path = pathOf(place, depth);
    this.nodes.set(pathKey(path), { path, node });
    return node;
  }

  #delete(place: Uint8Array, depth: number): void {
    const path = pathOf(place, depth);
    this.nodes.set(pathKey(path), { path, node: undefined });
  }
}

/**
 * Puts stubs in the place of all nodes deeper than `depthMax`, so that memory stays bounded. Only for a tree whose every
 * node is in the store.
 */
export function forgetBelow(root: Child, depthMax: number): void {
  if (root === undefined || root.type !== 'inner') return;
  if (depthMax > 0) {
    forgetBelow(root.left, depthMax - 1);
    forgetBelow(root.right, depthMax - 1);
    return;
  }
  if (root.left !== undefined) root.left = { type: 'stub', hash: hashOf(root.left) };
  if (root.right !== undefined) root.right = { type: 'stub', hash: hashOf(root.right) };
}

/** One character a byte: cheaper to make and to look up than hexadecimal. */
function pathKey(path: Uint8Array): string {
  return String.fromCharCode(...path);
}

function leavesOf(changes: readonly TreeChange[], start: number, end: number): Leaf[] {
  const leaves: Leaf[] = [];
  for (let index = start; index < end; index++) {
    const { keyHash, valueHash } = changes[index] as TreeChange;
    if (valueHash !== undefined) leaves.push(leaf(keyHash, valueHash));
  }
  return leaves;
}

function isChanged(keyHash: Uint8Array, changes: readonly TreeChange[], start: number, end: number): boolean {
  for (let index = start; index < end; index++)
    if (equalBytes((changes[index] as TreeChange).keyHash, keyHash)) return true;
  return false;
}

function insertSorted(leaves: Leaf[], added: Leaf): void {
  const index = leaves.findIndex((item) => compareBytes(item.keyHash, added.keyHash) > 0);
  leaves.splice(index === -1 ? leaves.length : index, 0, added);
}

/** First of the sorted changes [start, end) whose bit at `depth` is set. */
function firstWithBit(changes: readonly TreeChange[], depth: number, start: number, end: number): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bitAt((changes[middle] as TreeChange).keyHash, depth) === 1) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A key hash that agrees with `place` up to `depth` and has `bit` there. */
function sibling(place: Uint8Array, depth: number, bit: 0 | 1): Uint8Array {
  const other = place.slice();
  const mask = 1 << (7 - (depth & 7));
  const index = depth >>> 3;
  other[index] = bit === 1 ? (other[index] as number) | mask : (other[index] as number) & ~mask;
  return other;
}
