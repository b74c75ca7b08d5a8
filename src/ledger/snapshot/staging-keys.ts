import { type KeyRange, prefixedKey, prefixRange } from '../../storage/index.ts';

/** The manifest of the snapshot that is being staged. */
export const manifestKey: Uint8Array = prefixedKey('snapshot', Uint8Array.of(1));
/** There while the place for staging, or what came before the origin, may hold what nobody needs any more. */
export const leftoversKey: Uint8Array = prefixedKey('snapshot', Uint8Array.of(2));
const recordTag = Uint8Array.of(3);

/** A held chunk's record: of a split its page, of executed ids their roots or peaks, else nothing. */
export function recordKey(addressBytes: Uint8Array): Uint8Array {
  return prefixedKey('snapshot', recordTag, addressBytes);
}

export const recordRange: KeyRange = prefixRange('snapshot', recordTag);
