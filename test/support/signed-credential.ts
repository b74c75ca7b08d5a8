import { builtInContracts } from '../../src/contracts/index.ts';
import { createSigner, encodeDid, generateSeed, type Signer } from '../../src/crypto/index.ts';
import {
  type CanonicalValue,
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
} from '../../src/ledger/index.ts';
import type { PreparedNode } from './node-directory.ts';

/** How a transaction shall differ from a good one. */
export interface Signing {
  readonly signer?: Signer;
  readonly validUntil?: number;
  readonly ledgerId?: Uint8Array;
  readonly kind?: string;
  readonly payload?: CanonicalValue;
}

/** A credential for a new clinician, signed by the member. */
export function signedCredential({ genesis, member }: PreparedNode, signing: Signing = {}): Uint8Array<ArrayBuffer> {
  const payload = builtInContracts.payloadFromJson('credential.issue', {
    agent: encodeDid(createSigner(generateSeed()).publicKey),
    role: 'clinician',
  });
  const signer = signing.signer ?? member;
  const body = encodeTransactionBody({
    kind: signing.kind ?? 'credential.issue',
    sender: signer.publicKey,
    salt: generateSeed().subarray(0, 16),
    validUntil: signing.validUntil ?? Date.now() + 60_000,
    payload: signing.payload ?? payload,
  });
  const message = transactionMessage(signing.ledgerId ?? genesis.ledgerId, body);
  return Uint8Array.from(encodeSignedTransaction(body, signer.sign(message)));
}
