import { assert, compareBytes, equalBytes } from '../../base/index.ts';
import { bitAt, type Child, hashOf, type Inner, inner, type Leaf, leaf, type TreeNode } from './nodes.ts';
import { decodePage, pageDepth, pagePath } from './pages.ts';

/** A changed key: its hash, and its new value's hash or undefined when it was deleted. */
export interface TreeChange {
  readonly keyHash: Uint8Array;
  readonly valueHash: Uint8Array | undefined;
}

/** Page changes by place, for the store: the page's first node, or undefined to delete it. */
export type PageChanges = Map<string, { readonly path: Uint8Array; readonly node: TreeNode | undefined }>;

/** Reads a stored page by its place. */
export type PageReader = (path: Uint8Array) => Uint8Array | undefined;

/**
 * Applies a block's changes in one pass, hashing each touched node once. Gives the new root and what changes on disk;
 * the old root stays as it was, so that blocks that are not committed yet can share it.
 */
export function updateTree(
  root: Child,
  changes: readonly TreeChange[],
  read: PageReader,
): { root: Child; pages: PageChanges } {
  const sorted = [...changes].sort((left, right) => compareBytes(left.keyHash, right.keyHash));
  for (let index = 1; index < sorted.length; index++) {
    const [previous, change] = [sorted[index - 1] as TreeChange, sorted[index] as TreeChange];
    assert(!equalBytes(previous.keyHash, change.keyHash), 'a key changes once a block');
  }
  const update = new Update(read, sorted);
  return { root: update.apply(root, 0, 0, sorted.length), pages: update.pages };
}

class Update {
  readonly pages: PageChanges = new Map();
  readonly #read: PageReader;
  readonly #changes: readonly TreeChange[];

  constructor(read: PageReader, changes: readonly TreeChange[]) {
    this.#read = read;
    this.#changes = changes;
  }

  /** The subtree at `depth` after the changes [start, end), which all lie in it. */
  apply(old: Child, depth: number, start: number, end: number): Child {
    if (start === end) return old;
    const place = this.#place(start);
    const node = this.#load(old, place, depth);
    const updated =
      node?.type === 'inner'
        ? this.#applyToInner(node, depth, start, end)
        : this.#build(depth, this.#leaves(node, start, end));
    if (depth % pageDepth === 0) this.#note(place, depth, node, updated);
    return updated;
  }

  #applyToInner(node: Inner, depth: number, start: number, end: number): Child {
    const middle = this.#firstWithBit(depth, start, end);
    const left = this.apply(node.left, depth + 1, start, middle);
    const right = this.apply(node.right, depth + 1, middle, end);
    if (left !== undefined && right !== undefined) return inner(left, right);
    const only = left ?? right;
    if (only === undefined) return undefined;
    // A subtree of one key is that key's leaf: the leaf moves up. A stub stands for an inner node.
    return only.type === 'leaf' ? only : inner(left, right);
  }

  /** A subtree of these leaves, in key order, where nothing was before or only a leaf. */
  #build(depth: number, leaves: readonly Leaf[]): TreeNode | undefined {
    const [first] = leaves;
    if (first === undefined || leaves.length === 1) return first;
    const middle = leaves.findIndex((item) => bitAt(item.keyHash, depth) === 1);
    const split = middle === -1 ? leaves.length : middle;
    const left = this.#build(depth + 1, leaves.slice(0, split));
    const right = this.#build(depth + 1, leaves.slice(split));
    const built = inner(left, right);
    if (depth % pageDepth === 0) this.#note(first.keyHash, depth, undefined, built);
    return built;
  }

  /** A page is there exactly where an inner node stands at a page's depth, and for the root. */
  #note(place: Uint8Array, depth: number, before: TreeNode | undefined, after: Child): void {
    assert(after?.type !== 'stub', 'what was updated is in memory');
    const has = (node: TreeNode | undefined): boolean => node !== undefined && (depth === 0 || node.type === 'inner');
    if (!has(before) && !has(after)) return;
    const path = pagePath(place, depth);
    this.pages.set(String.fromCharCode(...path), { path, node: has(after) ? after : undefined });
  }

  #load(child: Child, place: Uint8Array, depth: number): TreeNode | undefined {
    return child?.type === 'stub' ? decodePage(this.#read(pagePath(place, depth)), child.hash) : child;
  }

  #place(index: number): Uint8Array {
    return (this.#changes[index] as TreeChange).keyHash;
  }

  /** The leaves of the changes [start, end), and the one that was there unless it is among the changed. */
  #leaves(old: Leaf | undefined, start: number, end: number): Leaf[] {
    const leaves: Leaf[] = [];
    let kept = old;
    for (let index = start; index < end; index++) {
      const { keyHash, valueHash } = this.#changes[index] as TreeChange;
      const order = kept === undefined ? 1 : compareBytes(kept.keyHash, keyHash);
      if (kept !== undefined && order < 0) leaves.push(kept);
      if (order <= 0) kept = undefined;
      if (valueHash !== undefined) leaves.push(leaf(keyHash, valueHash));
    }
    if (kept !== undefined) leaves.push(kept);
    return leaves;
  }

  /** First of the changes [start, end) whose bit at `depth` is set. */
  #firstWithBit(depth: number, start: number, end: number): number {
    let low = start;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bitAt(this.#place(middle), depth) === 1) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/**
 * Puts stubs in the place of all pages below `pages` levels of them, so that memory stays bounded. Only for a tree whose
 * every page is in the store.
 */
export function forgetBelow(root: Child, pages: number): void {
  assert(pages >= 1, 'the root page stays');
  forget(root, 0, pages * pageDepth);
}

function forget(node: Child, depth: number, depthMax: number): void {
  if (node?.type !== 'inner') return;
  if (depth + 1 < depthMax) {
    forget(node.left, depth + 1, depthMax);
    forget(node.right, depth + 1, depthMax);
    return;
  }
  if (node.left?.type === 'inner') node.left = { type: 'stub', hash: hashOf(node.left) };
  if (node.right?.type === 'inner') node.right = { type: 'stub', hash: hashOf(node.right) };
}
