import { HASH_BYTES } from '../../crypto/portable.ts';
import type { Child, HashText, Inner } from '../state/nodes.ts';
import { pageDepth } from '../state/pages.ts';
import { invalidSnapshot, placeOf } from './format.ts';

/** A subtree below a split: its place, and its root's hash. */
export interface SplitChild {
  readonly depth: number;
  readonly path: HashText;
  readonly hash: HashText;
  /** Else a leaf, which may stand higher up than its place. */
  readonly isInner: boolean;
}

/** The subtrees below the top four levels of one, in their order; inner nodes on these levels are in memory. */
export function splitChildren(node: Inner, depth: number, path: HashText): SplitChild[] {
  const below = depth + pageDepth;
  if (below >= 8 * HASH_BYTES) throw invalidSnapshot('a split is deeper than any key');
  const children: SplitChild[] = [];
  const visit = (child: Child, at: number, nibble: number): void => {
    if (child === undefined) return;
    if (child.type === 'leaf')
      children.push({ depth: below, path: placeOf(child.keyHash, below), hash: child.hash, isInner: false });
    else if (at === below)
      children.push({ depth: below, path: withNibble(path, depth, nibble), hash: child.hash, isInner: true });
    else if (child.type === 'inner') {
      visit(child.left, at + 1, 2 * nibble);
      visit(child.right, at + 1, 2 * nibble + 1);
    }
  };
  visit(node, depth, 0);
  return children;
}

/** The path with the four bits from `depth` on. */
function withNibble(path: HashText, depth: number, nibble: number): HashText {
  const index = depth >>> 3;
  const byte = path.charCodeAt(index) | (depth % 8 === 0 ? nibble << 4 : nibble);
  return path.slice(0, index) + String.fromCharCode(byte) + path.slice(index + 1);
}
