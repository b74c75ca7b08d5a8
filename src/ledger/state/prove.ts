import { latin1Bytes } from '../../base/index.ts';
import { sha256Latin1 } from '../../crypto/portable.ts';
import type { StateProof } from '../state-proof.ts';
import type { StateKey } from '../types/execution.ts';
import { bitAt, type Child, type HashText } from './nodes.ts';
import { decodePage, pagePath } from './pages.ts';
import type { PageReader } from './tree.ts';

/** Proves what stands under the key, or that nothing does. Throws `storage-damaged`. */
export function proveState(root: Child, key: StateKey, read: PageReader): StateProof {
  const keyHash = sha256Latin1(key);
  const siblings: (Uint8Array | undefined)[] = [];
  let node = loaded(root, keyHash, 0, read);
  while (node?.type === 'inner') {
    const [next, sibling] = bitAt(keyHash, siblings.length) === 0 ? [node.left, node.right] : [node.right, node.left];
    siblings.push(sibling && latin1Bytes(sibling.hash));
    node = loaded(next, keyHash, siblings.length, read);
  }
  if (node === undefined || node.keyHash === keyHash) return { siblings };
  return { siblings, other: { keyHash: latin1Bytes(node.keyHash), valueHash: latin1Bytes(node.valueHash) } };
}

function loaded(child: Child, place: HashText, depth: number, read: PageReader): Exclude<Child, { type: 'stub' }> {
  return child?.type === 'stub' ? decodePage(read(pagePath(place, depth)), child.hash) : child;
}
