import { AssentError, compareBytes, equalBytes, toHex } from '../../base/index.ts';
import { PUBLIC_KEY_BYTES, type VerifySignature } from '../../crypto/portable.ts';
import { cosignatureMessage } from './cosignature.ts';
import type { ProvedBlock } from './head.ts';
import type { CheckpointContent } from './receipt.ts';

/** What a verifier demands besides the certificates: that so many of those whom it trusts saw the same block. */
export interface Witnesses {
  /** Ed25519 keys, 32 bytes each, none twice. */
  readonly keys: readonly Uint8Array[];
  readonly atLeast: number;
  /** A cosigned checkpoint in either form, for a receipt that is none: its block must be the receipt's head. */
  readonly cosigned?: Uint8Array | string | object;
}

/** Who saw the block, and when by its own clock. */
export interface Sighting {
  readonly witness: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
}

export interface CheckpointVerdict {
  readonly kind: 'checkpoint';
  /** Every cosignature in it, whoever made it. */
  readonly cosignatures: readonly Sighting[];
}

/** Throws `usage` for a demand that nothing could meet, or that one witness could meet twice. */
export function checkDemand({ keys, atLeast }: Witnesses): void {
  if (keys.some((key) => key.length !== PUBLIC_KEY_BYTES) || new Set(keys.map(toHex)).size !== keys.length)
    throw new AssentError('usage', 'Each witness is named once, by its key of 32 bytes.');
  if (!Number.isSafeInteger(atLeast) || atLeast < 1 || atLeast > keys.length)
    throw new AssentError('usage', `Demand from 1 to ${keys.length} of the witnesses.`);
}

/** Every cosignature must hold, also of keys that nobody asks for. Throws `receipt-cosignature-invalid`. */
export function verifyCosignatures(
  { cosignatures }: CheckpointContent,
  { ledgerId, height, hash: blockHash }: ProvedBlock,
  verify: VerifySignature,
): CheckpointVerdict {
  for (const [index, { witness, time, signature }] of cosignatures.entries()) {
    const before = cosignatures[index - 1];
    if (before !== undefined && compareBytes(before.witness, witness) >= 0)
      throw invalid('the keys of the witnesses do not ascend');
    if (!verify(witness, cosignatureMessage(ledgerId, { time, height, blockHash }), signature))
      throw invalid(`that of the witness ${toHex(witness).slice(0, 12)} does not verify`);
  }
  return { kind: 'checkpoint', cosignatures: cosignatures.map(({ witness, time }) => ({ witness, time })) };
}

/** Those of the demanded witnesses that saw it. Throws `receipt-witnesses-missing`. */
export function metDemand({ cosignatures }: CheckpointVerdict, { keys, atLeast }: Witnesses): readonly Sighting[] {
  const sightings = cosignatures.filter(({ witness }) => keys.some((key) => equalBytes(key, witness)));
  if (sightings.length >= atLeast) return sightings;
  throw new AssentError(
    'receipt-witnesses-missing',
    `Only ${sightings.length} of ${keys.length} witnesses cosigned it; ${atLeast} are demanded.`,
  );
}

function invalid(reason: string): AssentError {
  return new AssentError('receipt-cosignature-invalid', `The cosignatures do not hold: ${reason}.`);
}
