import { AssentError, equalBytes } from '../base/index.ts';
import { leafHash, type VerifySignature } from '../crypto/portable.ts';
import type { CanonicalValue } from './codec/index.ts';
import { keptBodyBytesMax, payloadOf, transactionMessage, type UnverifiedTransaction } from './transaction.ts';
import type { TransactionContent } from './types/execution.ts';

/**
 * A transaction whose signature this node has checked, or checks when it is executed, where alone it is certain which key
 * is current. Only this type can be proposed or executed.
 */
export class VerifiedTransaction implements TransactionContent {
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly id: Uint8Array;
  readonly idHex: string;
  readonly kind: string;
  readonly sender: Uint8Array;
  readonly validUntil: number;
  readonly #payload: CanonicalValue | undefined;
  /** The key under which the signature verified; undefined while it is to be checked. */
  readonly verifiedKey: Uint8Array | undefined;
  readonly #check: ((key: Uint8Array) => boolean) | undefined;
  #leaf: Uint8Array | undefined;

  private constructor(
    transaction: UnverifiedTransaction,
    verifiedKey: Uint8Array | undefined,
    check?: (key: Uint8Array) => boolean,
  ) {
    this.bytes = transaction.bytes;
    this.body = transaction.body;
    this.signature = transaction.signature;
    this.id = transaction.id;
    this.idHex = transaction.idHex;
    this.kind = transaction.kind;
    this.sender = transaction.sender;
    this.validUntil = transaction.validUntil;
    if (this.body.length <= keptBodyBytesMax) this.#payload = transaction.payload;
    this.verifiedKey = verifiedKey;
    this.#check = check;
  }

  /** See {@link UnverifiedTransaction.payload}. */
  get payload(): CanonicalValue {
    return this.#payload ?? payloadOf(this.body);
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /** RFC 9162 leaf hash of the signed bytes: this transaction's leaf under `transactionsRoot`. */
  get leaf(): Uint8Array {
    this.#leaf ??= leafHash(this.bytes);
    return this.#leaf;
  }

  /** Whether the signature is by this key: the one that is current at the transaction's place in the chain. */
  isSignedBy(key: Uint8Array): boolean {
    if (this.#check !== undefined) return this.#check(key);
    return key === this.verifiedKey || (this.verifiedKey !== undefined && equalBytes(key, this.verifiedKey));
  }

  /** Checks the signature. Throws `signature-invalid`. */
  static verify(
    transaction: UnverifiedTransaction,
    ledgerId: Uint8Array,
    key: Uint8Array,
    verify: VerifySignature,
  ): VerifiedTransaction {
    if (!verify(key, transactionMessage(ledgerId, transaction.body), transaction.signature)) {
      throw new AssentError('signature-invalid', 'the signature does not verify for this ledger, sender and content', {
        transaction: transaction.idHex,
      });
    }
    return new VerifiedTransaction(transaction, key);
  }

  /**
   * Takes over the verdict of this node's own verification thread, which checked the signature of exactly these bytes
   * under `key`. Never call it on the word of a peer.
   */
  static vouchedFor(transaction: UnverifiedTransaction, key: Uint8Array): VerifiedTransaction {
    return new VerifiedTransaction(transaction, key);
  }

  /**
   * For a block whose place in the chain decides which key is current: a block before it, or a transaction before this one
   * in it, may have changed the key. The signature is checked when the transaction is executed.
   */
  static toBeChecked(
    transaction: UnverifiedTransaction,
    ledgerId: Uint8Array,
    verify: VerifySignature,
  ): VerifiedTransaction {
    const { body, signature } = transaction;
    return new VerifiedTransaction(transaction, undefined, (key) =>
      verify(key, transactionMessage(ledgerId, body), signature),
    );
  }
}
