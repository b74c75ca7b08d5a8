import { AssentError, type Random, toHex } from '../../base/index.ts';
import { builtInContracts } from '../../contracts/index.ts';
import { type Signer, sha256 } from '../../crypto/portable.ts';
import {
  bytesMaxOf,
  type CanonicalValue,
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
} from '../../ledger/portable.ts';
import { webRandom } from '../platform.ts';

/** Length of the salt that makes every transaction's id its own (protocol.md §3). */
const saltBytes = 16;

/** A transaction as it is posted. The bytes may be posted any number of times, to any node: it executes once. */
export interface SignedTransaction {
  /** Hexadecimal SHA-256 of the body: known before anything is sent. */
  readonly id: string;
  readonly kind: string;
  /** Milliseconds since the Unix epoch; no block later than this can hold it. */
  readonly validUntil: number;
  readonly bytes: Uint8Array;
  /** Hexadecimal id of the ledger that it is signed for, where that is known. */
  readonly ledgerId?: string;
}

export interface TransactionRequest {
  readonly ledgerId: Uint8Array;
  readonly kind: string;
  /** The wire form of the kind's schema: `catalogue.payloadFromJson(kind, json)` of the contracts room makes it. */
  readonly payload: CanonicalValue;
  readonly validUntil: number;
  /** The inception key of who acts: the signer's own unless its key has changed. */
  readonly sender?: Uint8Array;
  readonly signer: Signer;
  /** 16 bytes that tell two transactions of the same content apart; random unless given. */
  readonly salt?: Uint8Array;
  readonly random?: Random;
}

/** Encodes and signs (protocol.md §3). Throws `transaction-too-large` above what one of its kind may have. */
export function buildTransaction(request: TransactionRequest): SignedTransaction {
  const { kind, payload, validUntil, signer } = request;
  const salt = request.salt ?? (request.random ?? webRandom).bytes(saltBytes);
  const sender = request.sender ?? signer.publicKey;
  const body = encodeTransactionBody({ kind, sender, salt, validUntil, payload });
  const bytes = encodeSignedTransaction(body, signer.sign(transactionMessage(request.ledgerId, body)));
  const bytesMax = bytesMaxOf(builtInContracts, kind);
  if (bytes.length > bytesMax)
    throw new AssentError(
      'transaction-too-large',
      `A ${kind} of ${bytes.length} bytes exceeds the ${bytesMax} bytes that one transaction may have.`,
    );
  return { id: toHex(sha256(body)), kind, validUntil, bytes, ledgerId: toHex(request.ledgerId) };
}
