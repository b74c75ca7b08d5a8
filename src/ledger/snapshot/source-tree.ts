import { latin1Text } from '../../base/index.ts';
import type { StoreSnapshot } from '../../storage/index.ts';
import type { AppliedRecord } from '../chain-store.ts';
import { bitAt, type Child, type HashText, hashOf, type Leaf, type TreeNode } from '../state/nodes.ts';
import { damagedTree, decodePage, pagePath, partDepth } from '../state/pages.ts';
import {
  decodeDelta,
  decodePart,
  deltaKey,
  joinParts,
  pageReader,
  partCount,
  partKey,
  partOf,
  type StoredPart,
} from '../state/parts.ts';
import { type PageReader, type TreeChange, updateTree } from '../state/tree.ts';
import { placeOf } from './format.ts';
import { pause } from './pause.ts';

/**
 * The state tree of a store's snapshot: pages and, above them, what the deltas change. One part at a time is put together
 * in memory, so that neither the time of a slice nor the memory depends on the size of the state.
 */
export class SourceTree {
  readonly #stored: readonly StoredPart[];
  /** Of each part, in the order of the chain: what its pages do not hold yet. */
  readonly #changes: readonly TreeChange[][];
  readonly #read: PageReader;
  #root: Child;
  #open: { readonly part: number; readonly child: Child } | undefined;

  private constructor(stored: readonly StoredPart[], changes: readonly TreeChange[][], read: PageReader) {
    this.#stored = stored;
    this.#changes = changes;
    this.#read = read;
  }

  /** Throws `storage-damaged` when what is stored is not the applied state's tree. */
  static async open(snapshot: StoreSnapshot, applied: AppliedRecord): Promise<SourceTree> {
    const { space } = applied.origin;
    const parts = Array.from({ length: partCount }, (_, part) => part);
    const stored = (await snapshot.getMany(parts.map((part) => partKey(space, part)))).map(decodePart);
    const changes: TreeChange[][] = parts.map(() => []);
    for (let height = applied.deltasFrom; height <= applied.height; height++) {
      const [delta] = await snapshot.getMany([deltaKey(space, height)]);
      for (const change of decodeDelta(delta)) {
        const part = change.keyHash.charCodeAt(0);
        if (height > (stored[part] as StoredPart).height) (changes[part] as TreeChange[]).push(change);
      }
    }
    const tree = new SourceTree(stored, changes, pageReader(snapshot, space));
    const children: Child[] = [];
    for (const part of parts) {
      const child = tree.#partOf(part);
      children.push(child?.type === 'inner' ? { type: 'stub', hash: child.hash } : child);
      if ((changes[part] as TreeChange[]).length > 0) await pause(snapshot);
    }
    tree.#root = joinParts(children);
    if (hashOf(tree.#root) !== latin1Text(applied.stateRoot)) throw damagedTree();
    return tree;
  }

  /** What stands at this place; a leaf, if there is one, also where it stands higher up. Undefined where nothing does. */
  at(depth: number, path: HashText): TreeNode | undefined {
    let node = this.load(this.#root, path, 0);
    for (let at = 0; at < depth && node?.type === 'inner'; at++)
      node = this.load(bitAt(path, at) === 0 ? node.left : node.right, path, at + 1);
    return node?.type === 'leaf' && placeOf(node.keyHash, depth) !== path ? undefined : node;
  }

  /** A child in memory. `path` begins with the bits of its place. */
  load(child: Child, path: HashText, depth: number): TreeNode | undefined {
    if (child?.type !== 'stub') return child;
    const part = depth === partDepth ? this.#partOf(path.charCodeAt(0)) : child;
    return part?.type === 'stub' ? decodePage(this.#read(pagePath(path, depth)), child.hash) : part;
  }

  /** The leaves of a subtree, in the order of their key hashes. */
  *leaves(child: Child, path: HashText, depth: number): Generator<Leaf> {
    const node = this.load(child, path, depth);
    if (node?.type === 'leaf') yield node;
    if (node?.type !== 'inner') return;
    yield* this.leaves(node.left, path, depth + 1);
    yield* this.leaves(node.right, withBit(path, depth), depth + 1);
  }

  #partOf(part: number): Child {
    if (this.#open?.part !== part) this.#open = { part, child: this.#build(part) };
    return this.#open.child;
  }

  #build(part: number): Child {
    const { child } = this.#stored[part] as StoredPart;
    const changes = new Map((this.#changes[part] as TreeChange[]).map((change) => [change.keyHash, change]));
    if (changes.size === 0) return child;
    const alone = joinParts(Array.from({ length: partCount }, (_, index) => (index === part ? child : undefined)));
    return partOf(updateTree(alone, [...changes.values()], this.#read).root, part);
  }
}

function withBit(path: HashText, depth: number): HashText {
  const index = depth >>> 3;
  const byte = path.charCodeAt(index) | (0x80 >>> (depth & 7));
  return path.slice(0, index) + String.fromCharCode(byte) + path.slice(index + 1);
}
