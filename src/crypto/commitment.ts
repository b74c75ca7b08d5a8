import { assert } from '../base/index.ts';
import { constantTimeEqual } from './constant-time.ts';
import { domainPrefix } from './domain.ts';
import { sha256 } from './hash.ts';

/** Length of the random salt that hides a committed body. */
export const COMMITMENT_SALT_BYTES = 32;

const prefix = domainPrefix('commitment');

/**
 * Salted commitment: SHA-256("assent/commitment/v1" 0x00 salt body). Binding by the hash, hiding by the salt: without
 * it not even a guess of the body can be tested, so destroying the salt destroys what the ledger says.
 */
export function commit(salt: Uint8Array, body: Uint8Array): Uint8Array {
  assert(salt.length === COMMITMENT_SALT_BYTES, 'the salt of a commitment is 32 bytes');
  return sha256(prefix, salt, body);
}

/** Whether salt and body open the commitment. */
export function verifyCommitment(commitment: Uint8Array, salt: Uint8Array, body: Uint8Array): boolean {
  return salt.length === COMMITMENT_SALT_BYTES && constantTimeEqual(commitment, commit(salt, body));
}
