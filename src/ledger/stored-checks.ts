import { AssentError, equalBytes, latin1Bytes, uint64Bytes } from '../base/index.ts';
import { leafHash, merkleRoot, sha256Latin1 } from '../crypto/portable.ts';
import { type Operation, prefixedKey, prefixedTextKey, type Store } from '../storage/index.ts';
import type { OpenedBlock } from './block.ts';
import { encodeResults, resultsKey } from './block-results.ts';
import { heightOfBlock, readBlock } from './chain-store.ts';
import { encodeResult } from './results.ts';
import { bitAt, type Child, type HashText, hashOf, type Inner, leaf } from './state/nodes.ts';
import { decodePage, isPageDepth, pagePath, partDepth } from './state/pages.ts';
import { pageReader, partOf, partOperations } from './state/parts.ts';
import { readReceipt } from './state/receipts.ts';
import type { StateSpace } from './state/state-space.ts';
import { subtreeOf } from './state/tree.ts';
import { OpenedPages, pageOpener, valueHashIn } from './state/tree-walk.ts';
import type { StoredLeaf } from './stored-keys.ts';
import { UnverifiedTransaction } from './transaction.ts';
import type { StateKey } from './types/execution.ts';

/*
 * What a running node holds, against what its chain says of it (protocol.md §6). Each check is of a small piece, so that
 * whoever goes through all of it does so in slices.
 */

/** The trees whose effects the store may hold now: of the newest committed block, down to the newest settled one. */
export interface StoredTrees {
  readonly space: StateSpace;
  readonly newestFirst: readonly Child[];
}

/** Whether a value, or that there is none, is what one of these trees says. Throws `storage-damaged` for a damaged page. */
export function holdsValue(
  store: Pick<Store, 'get'>,
  { space, newestFirst }: StoredTrees,
  key: StateKey,
  value: Uint8Array | undefined,
  pages: OpenedPages = new OpenedPages(),
): boolean {
  const keyHash = sha256Latin1(key);
  const valueHash = value && sha256Latin1(value);
  const open = pages.through(pageOpener(pageReader(store, space)));
  return newestFirst.some((tree) => valueHashIn(tree, keyHash, open) === valueHash);
}

/** The value under the key as it is on the disk, past what is in memory. */
export function storedValue(store: Pick<Store, 'get'>, space: StateSpace, key: StateKey): Uint8Array | undefined {
  return store.get(prefixedTextKey(space.state, key));
}

/** Puts back what the tree says stands under the key. */
export function putValue(space: StateSpace, key: StateKey, value: Uint8Array): Operation {
  return { type: 'put', key: prefixedTextKey(space.state, key), value };
}

/** What the newest committed tree says stands under the key: the hash of the value, as bytes. Throws `storage-damaged`. */
export function expectedValue(
  store: Pick<Store, 'get'>,
  { space, newestFirst }: StoredTrees,
  key: StateKey,
): Uint8Array | undefined {
  const hash = valueHashIn(newestFirst[0], sha256Latin1(key), pageOpener(pageReader(store, space)));
  return hash === undefined ? undefined : latin1Bytes(hash);
}

/** Of the tree's pages so many groups are checked one after the other: one for each value of the first twelve bits. */
export const pageGroups: number = 4096;
const groupDepth = 12;

/** Checks the pages of a group that the store should hold by now; says how many bytes. Throws `storage-damaged`. */
export function checkPages(store: Pick<Store, 'get'>, trees: StoredTrees, group: number): number {
  const path: HashText = String.fromCharCode(group >>> 4, (group & 0x0f) << 4) + '\0'.repeat(30);
  const check = new PageCheck(store, trees.space);
  const [tree] = trees.newestFirst.slice(-1);
  check.descend(tree, path, 0);
  return check.bytes;
}

class PageCheck {
  bytes = 0;
  readonly #read: ReturnType<typeof pageReader>;

  constructor(store: Pick<Store, 'get'>, space: StateSpace) {
    this.#read = pageReader(store, space);
  }

  /** To the group's own subtree. The page above it belongs to the first of its groups. */
  descend(child: Child, path: HashText, depth: number): void {
    if (child === undefined || child.type === 'leaf') return;
    if (depth === groupDepth) {
      this.#whole(child, path, depth);
      return;
    }
    const isFirst = (path.charCodeAt(1) & 0xf0) === 0;
    const node = depth === 8 && isFirst ? this.#page(child, path, depth) : this.#loaded(child, path, depth);
    this.descend(bitAt(path, depth) === 0 ? node.left : node.right, path, depth + 1);
  }

  #whole(child: Child, path: HashText, depth: number): void {
    if (child === undefined || child.type === 'leaf') return;
    const node = isPageDepth(depth) ? this.#page(child, path, depth) : this.#loaded(child, path, depth);
    this.#whole(node.left, path, depth + 1);
    const byte = depth >>> 3;
    const bits = path.charCodeAt(byte) | (0x80 >>> (depth & 7));
    this.#whole(node.right, path.slice(0, byte) + String.fromCharCode(bits) + path.slice(byte + 1), depth + 1);
  }

  /** The stored page of a node that has one: whether or not the node is in memory, too. */
  #page(child: Exclude<Child, undefined>, path: HashText, depth: number): Inner {
    if (child.type === 'inner' && !child.isStored) return child;
    const bytes = this.#read(pagePath(path, depth));
    this.bytes += bytes?.length ?? 0;
    return decodePage(bytes, child.hash);
  }

  #loaded(child: Exclude<Child, undefined>, path: HashText, depth: number): Inner {
    return child.type === 'inner' ? child : this.#page(child, path, depth);
  }
}

/** The block at this height, when it is the one of this hash and is found by it. Throws `storage-damaged`. */
export function checkedBlock(store: Store, height: number, hash: Uint8Array): OpenedBlock {
  const block = readBlock(store, height);
  if (block === undefined || !equalBytes(block.hash, hash))
    throw new AssentError('storage-damaged', `the stored block ${height} is not the one of the chain`, { height });
  return block;
}

/** So many receipts are read at a stretch. */
const sliceReceipts = 64;

/**
 * That the receipts of a block's transactions are there, each for its place, and come to the root in the header; that the
 * results are there together, too; and that the block is found by its hash. In slices. Throws `storage-damaged`.
 */
export function* checkReceipts(
  store: Store,
  { header, hash, transactionBytes }: OpenedBlock,
): Generator<undefined, void> {
  const { height, timestamp, resultsRoot } = header;
  const damaged = (what: string): AssentError =>
    new AssentError('storage-damaged', `${what} of block ${height}`, { height });
  if (heightOfBlock(store, hash) !== height) throw damaged('the stored place is not that');
  const node = store.get(prefixedKey('historyNode', uint64Bytes(height)));
  if (node !== undefined && !equalBytes(node.subarray(0, 32), leafHash(hash)))
    throw damaged("the history's leaf is not that");
  const results: Uint8Array[] = [];
  for (const [index, bytes] of transactionBytes.entries()) {
    const receipt = readReceipt(store, new UnverifiedTransaction(bytes).id);
    const isOfPlace =
      receipt?.height === height &&
      receipt.index === index &&
      receipt.timestamp === timestamp &&
      equalBytes(receipt.blockHash, hash);
    if (receipt === undefined || !isOfPlace) throw damaged('a stored receipt is not one');
    results.push(encodeResult(receipt.result));
    if (index % sliceReceipts === sliceReceipts - 1) yield;
  }
  if (!equalBytes(merkleRoot(results.map((result) => leafHash(result))), resultsRoot))
    throw damaged('the stored receipts are not those');
  const together = store.get(resultsKey(height));
  if (results.length > 0 && (together === undefined || !equalBytes(together, encodeResults(results))))
    throw damaged('the stored results are not those');
}

/**
 * The part of the tree that a group of pages is in, made anew out of leaves: what writes it as of the applied block.
 * Undefined where these leaves are not the tree's, or a block's batch is on its way, which may write the part itself.
 */
export function partFrom(
  trees: StoredTrees,
  height: number,
  group: number,
  leaves: readonly StoredLeaf[],
): readonly Operation[] | undefined {
  const part = group >>> 4;
  const [tree] = trees.newestFirst;
  const sorted = leaves
    .map(({ keyHash, valueHash }) => leaf(keyHash, valueHash))
    .sort((left, right) => (left.keyHash < right.keyHash ? -1 : 1));
  const node = subtreeOf(partDepth, sorted);
  if (trees.newestFirst.length !== 1 || hashOf(partOf(tree, part)) !== hashOf(node)) return undefined;
  return partOperations(trees.space, part, node, height);
}

/** Whether a leaf belongs to the part of the tree that a group of pages is in. */
export function isInPart({ keyHash }: StoredLeaf, group: number): boolean {
  return keyHash.charCodeAt(0) === group >>> 4;
}
