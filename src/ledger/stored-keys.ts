import { sha256Latin1 } from '../crypto/portable.ts';
import { prefixedTextKey, prefixRange, type Store, textOfKey } from '../storage/index.ts';
import type { HashText } from './state/nodes.ts';
import type { StateSpace } from './state/state-space.ts';
import type { StateKey } from './types/execution.ts';

/*
 * The state as it is on the disk, page for page: for whoever looks at the disk, beside the execution.
 */

/** A page of the state's keys, as they are on the disk. */
export async function storedKeys(
  store: Store,
  space: StateSpace,
  { after, limit }: { readonly after: StateKey | undefined; readonly limit: number },
): Promise<readonly { readonly key: StateKey; readonly byteLength: number }[]> {
  const range = prefixRange(space.state);
  const from = after === undefined ? range.from : prefixedTextKey(space.state, `${after}\0`);
  const rows = await store.range({ from, to: range.to, limit });
  return rows.map(([key, value]) => ({ key: textOfKey(key), byteLength: key.length + value.length }));
}

/** A value's place in the tree, by its key on the disk. */
export interface StoredLeaf {
  readonly keyHash: HashText;
  readonly valueHash: HashText;
}

/** The leaves of a page of the state's keys, as they are on the disk. */
export async function storedLeaves(
  store: Store,
  space: StateSpace,
  { after, limit }: { readonly after: StateKey | undefined; readonly limit: number },
): Promise<{ readonly leaves: readonly StoredLeaf[]; readonly last: StateKey | undefined }> {
  const range = prefixRange(space.state);
  const from = after === undefined ? range.from : prefixedTextKey(space.state, `${after}\0`);
  const rows = await store.range({ from, to: range.to, limit });
  const keys = rows.map(([key]) => textOfKey(key));
  const leaves = rows.map(([, value], index) => {
    return { keyHash: sha256Latin1(keys[index] as string), valueHash: sha256Latin1(value) };
  });
  return { leaves, last: rows.length < limit ? undefined : keys.at(-1) };
}
