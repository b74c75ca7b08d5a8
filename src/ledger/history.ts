import { AssentError, assert, present, uint64Bytes } from '../base/index.ts';
import { HASH_BYTES, leafHash, type MerkleFrontier, nodeHash, pathBy, splitPoint } from '../crypto/portable.ts';
import { type Operation, prefixedKey, type Store } from '../storage/index.ts';

/*
 * The tree under `historyRoot`, node by node: under the height of a block stand the roots of the complete subtrees that
 * end with it, the leaf first, so two hashes a block. Any path in it takes log(height) reads. It is kept for ever, also
 * where blocks are not: with it a recent header proves any block of the past.
 */

/** What the commit of a block writes. `before`: the history without this block. */
export function historyOperations(height: number, before: MerkleFrontier, blockHash: Uint8Array): Operation[] {
  assert(before.size === height, 'the history before a block has as many leaves as blocks');
  const nodes = [leafHash(blockHash)];
  const { peaks } = before;
  // As the frontier appends: each peak that the new leaf completes a subtree with.
  for (let carry = height; carry % 2 === 1; carry = Math.floor(carry / 2)) {
    const peak = present(peaks[peaks.length - nodes.length], 'every 1 bit has its peak');
    nodes.push(nodeHash(peak, nodes.at(-1) as Uint8Array));
  }
  return [put(height, nodes)];
}

/**
 * What a store begins with that has no nodes of earlier blocks: the peaks. No block above needs more of what was before,
 * and a peak is the highest subtree that ends where it ends.
 */
export function historyBeginning({ size, peaks }: MerkleFrontier): Operation[] {
  const operations: Operation[] = [];
  let end = 0;
  let left = size;
  for (const peak of peaks) {
    const width = 2 ** Math.floor(Math.log2(left));
    end += width;
    left -= width;
    operations.push(put(end - 1, [peak]));
  }
  return operations;
}

export function hasHistoryNodes(store: Pick<Store, 'get'>, height: number): boolean {
  return store.get(nodeKey(height)) !== undefined;
}

/**
 * The path of block `height` in the `historyRoot` of block `above`. Throws `history-not-kept` where the nodes begin later.
 */
export function historyPath(store: Pick<Store, 'get'>, height: number, above: number): Uint8Array[] {
  assert(height < above, 'a block is in the history of a later one');
  return pathBy(rootIn(store), height, height + 1, above);
}

/** That the history of block `older` is the beginning of that of block `newer`. Throws `history-not-kept`. */
export function historyConsistency(store: Pick<Store, 'get'>, older: number, newer: number): Uint8Array[] {
  assert(older >= 1 && older <= newer, 'the older block has a history, and comes first');
  return pathBy(rootIn(store), 0, older, newer);
}

function rootIn(store: Pick<Store, 'get'>): (first: number, last: number) => Uint8Array {
  const rootOf = (first: number, last: number): Uint8Array => {
    const width = last - first;
    if (isPowerOfTwo(width)) return read(store, width, last);
    const middle = first + splitPoint(width);
    return nodeHash(rootOf(first, middle), rootOf(middle, last));
  };
  return rootOf;
}

/** The root of the complete subtree of `width` leaves before leaf `end`: counted from the highest that ends there. */
function read(store: Pick<Store, 'get'>, width: number, end: number): Uint8Array {
  const record = store.get(nodeKey(end - 1));
  let above = 0;
  for (let size = width; end % (size * 2) === 0; size *= 2) above += 1;
  const to = record === undefined ? 0 : record.length - above * HASH_BYTES;
  if (record === undefined || to < HASH_BYTES)
    throw new AssentError('history-not-kept', `This node cannot prove block ${end - 1}: its history begins later.`);
  return record.slice(to - HASH_BYTES, to);
}

function put(height: number, nodes: readonly Uint8Array[]): Operation {
  const value = new Uint8Array(nodes.length * HASH_BYTES);
  for (const [index, node] of nodes.entries()) value.set(node, index * HASH_BYTES);
  return { type: 'put', key: nodeKey(height), value };
}

function nodeKey(height: number): Uint8Array {
  return prefixedKey('historyNode', uint64Bytes(height));
}

function isPowerOfTwo(value: number): boolean {
  let power = 1;
  while (power < value) power *= 2;
  return power === value;
}
