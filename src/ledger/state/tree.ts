import { assert } from '../../base/index.ts';
import { sha256Latin1 } from '../../crypto/portable.ts';
import type { StateKey } from '../types/execution.ts';
import {
  bitAt,
  type Child,
  type HashText,
  type Inner,
  inner,
  joined,
  type Leaf,
  leaf,
  type TreeNode,
} from './nodes.ts';
import { decodePage, isPageDepth, pagePath } from './pages.ts';

/** A changed key: its hash, and its new value's hash or undefined when it was deleted. */
export interface TreeChange {
  readonly keyHash: HashText;
  readonly valueHash: HashText | undefined;
}

/** A change of which the key is known, too. */
export interface StateChange extends TreeChange {
  readonly key: StateKey;
}

/** The tree's side of changes of the state. */
export function treeChanges(state: ReadonlyMap<StateKey, Uint8Array | undefined>): StateChange[] {
  const changes: StateChange[] = [];
  state.forEach((value, key) => {
    changes.push({ key, keyHash: sha256Latin1(key), valueHash: value && sha256Latin1(value) });
  });
  return changes;
}

/** What one block, or a few in one, did to the tree. */
export interface TreeUpdate<Change extends TreeChange = TreeChange> {
  readonly root: Child;
  /** In the order of their key hashes. */
  readonly changes: readonly Change[];
  /** Those whose key was there before. */
  readonly replaced: ReadonlySet<Change>;
  /** Places of the pages that are no more. */
  readonly removedPages: readonly Uint8Array[];
}

/** Reads a stored page by its place. */
export type PageReader = (path: Uint8Array) => Uint8Array | undefined;

/**
 * Applies a block's changes in one pass, hashing each touched node once. The old root stays as it was, so that blocks
 * that are not committed yet can share it.
 */
export function updateTree<Change extends TreeChange>(
  root: Child,
  changes: readonly Change[],
  read: PageReader,
): TreeUpdate<Change> {
  const sorted = [...changes].sort((left, right) => (left.keyHash < right.keyHash ? -1 : 1));
  for (let index = 1; index < sorted.length; index++) {
    const [previous, change] = [sorted[index - 1] as Change, sorted[index] as Change];
    assert(previous.keyHash !== change.keyHash, 'a key changes once a block');
  }
  const update = new Update(read, sorted);
  const { replaced, removedPages } = update;
  return { root: update.apply(root, 0, 0, sorted.length), changes: sorted, replaced, removedPages };
}

class Update<Change extends TreeChange> {
  readonly removedPages: Uint8Array[] = [];
  readonly replaced = new Set<Change>();
  readonly #read: PageReader;
  readonly #changes: readonly Change[];

  constructor(read: PageReader, changes: readonly Change[]) {
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
        : subtreeOf(depth, this.#leaves(node, start, end));
    if (node?.type === 'inner' && updated?.type !== 'inner' && isPageDepth(depth))
      this.removedPages.push(pagePath(place, depth));
    return updated;
  }

  #applyToInner(node: Inner, depth: number, start: number, end: number): Child {
    const middle = this.#firstWithBit(depth, start, end);
    const left = this.apply(node.left, depth + 1, start, middle);
    const right = this.apply(node.right, depth + 1, middle, end);
    return joined(left, right);
  }

  #load(child: Child, place: HashText, depth: number): TreeNode | undefined {
    return child?.type === 'stub' ? decodePage(this.#read(pagePath(place, depth)), child.hash) : child;
  }

  #place(index: number): HashText {
    return (this.#changes[index] as Change).keyHash;
  }

  /** The leaves of the changes [start, end), and the one that was there unless it is among the changed. */
  #leaves(old: Leaf | undefined, start: number, end: number): Leaf[] {
    const leaves: Leaf[] = [];
    let kept = old;
    for (let index = start; index < end; index++) {
      const change = this.#changes[index] as Change;
      const { keyHash, valueHash } = change;
      if (old?.keyHash === keyHash) this.replaced.add(change);
      if (kept !== undefined && kept.keyHash < keyHash) leaves.push(kept);
      if (kept !== undefined && kept.keyHash <= keyHash) kept = undefined;
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

/** The subtree at `depth` of these leaves alone, in the order of their key hashes, which have the bits above in common. */
export function subtreeOf(depth: number, leaves: readonly Leaf[]): TreeNode | undefined {
  const [first] = leaves;
  if (first === undefined || leaves.length === 1) return first;
  const middle = leaves.findIndex((item) => bitAt(item.keyHash, depth) === 1);
  const split = middle === -1 ? leaves.length : middle;
  return inner(subtreeOf(depth + 1, leaves.slice(0, split)), subtreeOf(depth + 1, leaves.slice(split)));
}
