import { HASH_BYTES } from '../../crypto/portable.ts';
import { bitAt, type Child, type HashText, type Inner, type Leaf } from './nodes.ts';
import { decodePage, pagePath } from './pages.ts';
import type { PageReader } from './tree.ts';

interface Place {
  readonly child: Child;
  readonly depth: number;
  /** The bits above `depth`, then zeros. */
  readonly path: HashText;
}

/** The leaves below a node in the order of their key hashes; pages are read as the walk comes to them, and checked. */
export class TreeWalk {
  readonly #read: PageReader;
  readonly #open: Place[];
  #pages = 0;

  /** `path` holds the bits above `depth`: those of the root are none. */
  constructor(child: Child, read: PageReader, depth = 0, path: HashText = rootPath) {
    this.#read = read;
    this.#open = [{ child, depth, path }];
  }

  /** Pages read so far. */
  get pages(): number {
    return this.#pages;
  }

  /** The next leaf; undefined at the end. Throws `storage-damaged`. */
  next(): Leaf | undefined {
    for (let place = this.#open.pop(); place !== undefined; place = this.#open.pop()) {
      const { depth, path } = place;
      let { child } = place;
      if (child === undefined) continue;
      if (child.type === 'leaf') return child;
      if (child.type === 'stub') {
        child = decodePage(this.#read(pagePath(path, depth)), child.hash);
        this.#pages += 1;
      }
      this.#open.push({ child: child.right, depth: depth + 1, path: withBit(path, depth) });
      this.#open.push({ child: child.left, depth: depth + 1, path });
    }
    return undefined;
  }
}

/** The page at this depth of the way to a key, checked by its hash. Throws `storage-damaged`. */
type OpenPage = (keyHash: HashText, depth: number, hash: HashText) => Inner;

export function pageOpener(read: PageReader): OpenPage {
  return (keyHash, depth, hash) => decodePage(read(pagePath(keyHash, depth)), hash);
}

/** Pages in one generation of {@link OpenedPages}, each of some kilobytes at most. There are two. */
const pagesMax = 1024;

/**
 * Pages that were read of late. They are known by their hashes, so they are right for whichever tree has them; to read and
 * hash one again costs as much as ten values. Whoever looks at them changes nothing.
 */
export class OpenedPages {
  #young = new Map<HashText, Inner>();
  #old = new Map<HashText, Inner>();

  /** Like `open`, which is asked for what is not here. */
  through(open: OpenPage): OpenPage {
    return (keyHash, depth, hash) => {
      const young = this.#young.get(hash);
      if (young !== undefined) return young;
      const page = this.#old.get(hash) ?? open(keyHash, depth, hash);
      this.#young.set(hash, page);
      if (this.#young.size >= pagesMax) {
        this.#old = this.#young;
        this.#young = new Map();
      }
      return page;
    };
  }
}

/** The hash of the value under a key; undefined where the tree has none. Throws `storage-damaged`. */
export function valueHashIn(root: Child, keyHash: HashText, open: OpenPage): HashText | undefined {
  let child = root;
  for (let depth = 0; ; depth++) {
    if (child === undefined) return undefined;
    if (child.type === 'leaf') return child.keyHash === keyHash ? child.valueHash : undefined;
    if (child.type === 'stub') child = open(keyHash, depth, child.hash);
    child = bitAt(keyHash, depth) === 0 ? child.left : child.right;
  }
}

/** Whether what is in memory of a tree says that it has nothing under a key; where a page would be needed, it does not. */
export function isKnownAbsent(root: Child, keyHash: HashText): boolean {
  let child = root;
  for (let depth = 0; child?.type === 'inner'; depth++) child = bitAt(keyHash, depth) === 0 ? child.left : child.right;
  return child === undefined || (child.type === 'leaf' && child.keyHash !== keyHash);
}

export const rootPath: HashText = '\0'.repeat(HASH_BYTES);

function withBit(path: HashText, depth: number): HashText {
  const byte = depth >>> 3;
  const bits = path.charCodeAt(byte) | (0x80 >>> (depth & 7));
  return path.slice(0, byte) + String.fromCharCode(bits) + path.slice(byte + 1);
}
