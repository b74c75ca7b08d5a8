import { toHex, utf8 } from '../../base/index.ts';
import { encodeDid, sha256 } from '../../crypto/portable.ts';

/** Well-formed values that stand for nobody and nothing, for the examples of kinds: the same label, the same value. */

export function exampleDid(label: string): string {
  return encodeDid(sha256(utf8(`example ${label}`)));
}

/** Hex of a commitment or an id, or of as many bytes. */
export function exampleHex(label: string, length = 32): string {
  return toHex(sha256(utf8(`example ${label}`)).subarray(0, length));
}
