import { concatBytes } from '../../base/index.ts';
import { domainPrefix } from '../../crypto/portable.ts';
import { encodeCanonical } from '../ledger-types.ts';

const prefix = domainPrefix('key-possession');

/**
 * What a new key signs to become the key of an identity: `"assent/key-possession/v1" 0x00 ledgerId [1, DID, sequence, key]`.
 * `sequence` is how often the identity's key has changed so far, so that a proof serves one identity of one ledger at one
 * place of its history.
 */
export function possessionMessage(
  ledgerId: Uint8Array,
  subject: Uint8Array,
  sequence: number,
  newKey: Uint8Array,
): Uint8Array {
  return concatBytes(prefix, ledgerId, encodeCanonical([1, subject, sequence, newKey]));
}
