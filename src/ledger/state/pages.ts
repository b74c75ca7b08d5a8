import { AssentError, assert, latin1Text, putLatin1 } from '../../base/index.ts';
import { HASH_BYTES } from '../../crypto/portable.ts';
import { type Child, type HashText, type Inner, inner, leaf } from './nodes.ts';

/**
 * The tree on disk: pages of four levels, from {@link partDepth} down. A page is the inner node at a depth that is a
 * multiple of four, with all below it down to the next such depth. One changed key rewrites a fourth as many records as
 * it changes nodes, for about as many bytes.
 *
 * A page is its nodes in preorder, a byte of type each: nothing, a leaf (key hash, value hash), an inner node (its two
 * children follow), or, at the next page's depth, an inner node's hash. Hashes within a page follow from what is there,
 * and are checked against the hash by which the page is known.
 */
export const pageDepth = 4;
/** The tree is kept in parts, one for each value of a key hash's first byte. */
export const partDepth = 8;

/** Whether an inner node at this depth has a page of its own. */
export function isPageDepth(depth: number): boolean {
  return depth % pageDepth === 0 && depth >= partDepth;
}

const nothing = 0;
const leafNode = 1;
const innerNode = 2;
const nextPage = 3;
/** Sixteen leaves and the fifteen inner nodes above them. */
const pageBytesMax = 16 * (1 + 2 * HASH_BYTES) + 15;

const scratch = new Uint8Array(pageBytesMax);

/** The page of a node at a page's depth. */
export function encodePage(node: Inner): Uint8Array {
  return scratch.slice(0, write(node, 0, 0));
}

/** What stands at a page's depth: nothing, a leaf, or the hash of an inner node that has its own page. */
export function encodePlace(child: Child): Uint8Array {
  return scratch.slice(0, write(child, pageDepth, 0));
}

function write(child: Child, depth: number, start: number): number {
  if (child === undefined) {
    scratch[start] = nothing;
    return start + 1;
  }
  if (child.type === 'leaf') {
    scratch[start] = leafNode;
    putLatin1(scratch, child.keyHash, start + 1);
    putLatin1(scratch, child.valueHash, start + 1 + HASH_BYTES);
    return start + 1 + 2 * HASH_BYTES;
  }
  if (depth === pageDepth) {
    scratch[start] = nextPage;
    putLatin1(scratch, child.hash, start + 1);
    return start + 1 + HASH_BYTES;
  }
  assert(child.type === 'inner', 'stubs stand at the depth of pages only');
  scratch[start] = innerNode;
  return write(child.right, depth + 1, write(child.left, depth + 1, start + 1));
}

/** Reads a page that is known by its first node's hash. Throws `storage-damaged`. */
export function decodePage(bytes: Uint8Array | undefined, expectedHash: HashText): Inner {
  const node = bytes && decode(bytes, 0);
  if (node?.type !== 'inner' || node.hash !== expectedHash) throw damagedTree();
  node.isStored = true;
  return node;
}

/** Reads what {@link encodePlace} wrote. Throws `storage-damaged`; the hash is for the caller to check. */
export function decodePlace(bytes: Uint8Array): Child {
  return decode(bytes, pageDepth);
}

function decode(bytes: Uint8Array, depth: number): Child {
  const reader = new PageReader(bytes);
  const child = reader.read(depth);
  if (!reader.isAtEnd) throw damagedTree();
  return child;
}

class PageReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  read(depth: number): Child {
    const type = this.#bytes[this.#position];
    this.#position += 1;
    if (type === nothing) return undefined;
    if (type === leafNode) return leaf(this.#hash(), this.#hash());
    if (type === nextPage && depth === pageDepth) return { type: 'stub', hash: this.#hash() };
    if (type !== innerNode || depth === pageDepth) throw damagedTree();
    const left = this.read(depth + 1);
    const right = this.read(depth + 1);
    if (left === undefined && right === undefined) throw damagedTree();
    return inner(left, right);
  }

  #hash(): HashText {
    const end = this.#position + HASH_BYTES;
    if (end > this.#bytes.length) throw damagedTree();
    const hash = latin1Text(this.#bytes.subarray(this.#position, end));
    this.#position = end;
    return hash;
  }
}

/** A page's place: its depth in one byte, then the leading bits of the key hashes below it. */
export function pagePath(keyHash: HashText, depth: number): Uint8Array {
  assert(isPageDepth(depth) && depth < 256, 'pages stand at every fourth depth from the eighth');
  const whole = depth >>> 3;
  const isHalf = depth % 8 !== 0;
  const path = new Uint8Array(1 + whole + (isHalf ? 1 : 0));
  path[0] = depth;
  for (let index = 0; index < whole; index++) path[1 + index] = keyHash.charCodeAt(index);
  if (isHalf) path[1 + whole] = keyHash.charCodeAt(whole) & 0xf0;
  return path;
}

/** What is stored is not the tree that the chain names. */
export function damagedTree(): AssentError {
  return new AssentError('storage-damaged', 'a part of the state tree is missing or was changed on disk');
}
