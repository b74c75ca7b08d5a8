import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type VerifySignature, verifySignature } from '../../crypto/index.ts';
import type { SignedMessage } from '../threads/verify-thread.ts';

/**
 * Signatures that rules ask about, such as that of the agent in an access: taken for valid while a block is executed, and
 * noted, so that other cores check them meanwhile. What was executed so counts for nothing before all of them are valid.
 */
export class AssumedSignatures {
  #noted: SignedMessage[] | undefined;

  /** For the rules. Outside of {@link assuming} it checks. */
  readonly verify: VerifySignature = (publicKey, message, signature) => {
    const isShaped = publicKey.length === PUBLIC_KEY_BYTES && signature.length === SIGNATURE_BYTES;
    if (this.#noted === undefined || !isShaped) return verifySignature(publicKey, message, signature);
    this.#noted.push({ publicKey, message, signature });
    return true;
  };

  /** What was taken for valid on the way to the outcome. */
  assuming<T>(execute: () => T): { readonly outcome: T; readonly assumed: readonly SignedMessage[] } {
    const noted: SignedMessage[] = [];
    this.#noted = noted;
    try {
      return { outcome: execute(), assumed: noted };
    } finally {
      this.#noted = undefined;
    }
  }
}
