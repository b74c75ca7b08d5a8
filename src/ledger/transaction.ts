import { AssentError, assert, toHex } from '../base/index.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, sha256, signedMessage } from '../crypto/portable.ts';
import { type CanonicalValue, type CodecLimits, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { ledgerLimits } from './limits.ts';
import type { RuleExecutor, TransactionContent } from './types/execution.ts';

export const transactionVersion = 1;
export const saltBytes = 16;

const envelopeLimits = { bytesMax: ledgerLimits.largeTransactionBytesMax, depthMax: 2, countMax: 3 };
/** Of a body's encoding. */
export const bodyLimits: CodecLimits = {
  bytesMax: ledgerLimits.largeTransactionBytesMax,
  depthMax: ledgerLimits.transactionDepthMax,
  countMax: ledgerLimits.transactionValuesMax,
};
/** All of it is checked, its payload not kept. */
const headLimits: CodecLimits = { ...bodyLimits, keptDepth: 1 };
/** Of a body whose payload is kept decoded: of most. */
export const keptBodyBytesMax: number = 8 * 1024;

/** Canonical bytes of a body: what is hashed to the id and, domain-separated, signed. */
export function encodeTransactionBody(body: {
  readonly kind: string;
  readonly sender: Uint8Array;
  readonly salt: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly validUntil: number;
  readonly payload: CanonicalValue;
}): Uint8Array {
  assert(
    body.sender.length === PUBLIC_KEY_BYTES && body.salt.length === saltBytes,
    'sender and salt have fixed lengths',
  );
  return encodeCanonical([transactionVersion, body.kind, body.sender, body.salt, body.validUntil, body.payload]);
}

/** The bytes a sender signs (protocol.md §1, "domain separation"). */
export function transactionMessage(ledgerId: Uint8Array, body: Uint8Array): Uint8Array {
  return signedMessage('transaction', ledgerId, body);
}

/** Joins a body and its signature into the form that travels and is hashed into the block. */
export function encodeSignedTransaction(body: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeCanonical([body, signature]);
}

/** Well-formed bytes whose signature nobody has checked yet. */
export class UnverifiedTransaction implements TransactionContent {
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly id: Uint8Array;
  readonly idHex: string;
  readonly kind: string;
  readonly sender: Uint8Array;
  readonly validUntil: number;
  readonly #payload: CanonicalValue | undefined;

  /** Decodes signed bytes, of whatever kind: the bound is that of large ones. Throws `transaction-too-large`, `encoding-invalid` or `transaction-malformed`. */
  constructor(bytes: Uint8Array) {
    if (bytes.length > ledgerLimits.largeTransactionBytesMax) {
      throw new AssentError(
        'transaction-too-large',
        `the transaction has more than ${ledgerLimits.largeTransactionBytesMax} bytes`,
      );
    }
    const [body, signature] = fields(decodeCanonical(bytes, envelopeLimits), 2, 'a signed transaction');
    this.bytes = bytes;
    this.body = binary(body, undefined, 'body');
    this.signature = binary(signature, SIGNATURE_BYTES, 'signature');
    const isLong = this.body.length > keptBodyBytesMax;
    const [version, kind, sender, salt, validUntil, payload] = fields(
      decodeCanonical(this.body, isLong ? headLimits : bodyLimits),
      6,
      'a transaction body',
    );
    if (version !== transactionVersion) throw malformed(`version ${String(version)} is not ${transactionVersion}`);
    if (typeof kind !== 'string' || !/^[a-zA-Z][a-zA-Z0-9.-]{0,63}$/.test(kind)) throw malformed('kind is not a name');
    if (typeof validUntil !== 'number' || validUntil < 0) throw malformed('validUntil is not a time');
    binary(salt, saltBytes, 'salt');
    this.kind = kind;
    this.sender = binary(sender, PUBLIC_KEY_BYTES, 'sender');
    this.validUntil = validUntil;
    if (!isLong) this.#payload = payload;
    this.id = sha256(this.body);
    this.idHex = toHex(this.id);
  }

  /** A long one is decoded for each who asks, and not kept: it takes many times its bytes. */
  get payload(): CanonicalValue {
    return this.#payload ?? payloadOf(this.body);
  }

  get byteLength(): number {
    return this.bytes.length;
  }
}

/** Of a body that was found well-formed. */
export function payloadOf(body: Uint8Array): CanonicalValue {
  return (decodeCanonical(body, bodyLimits) as readonly CanonicalValue[])[5] as CanonicalValue;
}

/** The id of a signed transaction, of which nothing else is looked at. Throws `encoding-invalid` or `transaction-malformed`. */
export function transactionIdOf(bytes: Uint8Array): Uint8Array {
  const [body] = fields(decodeCanonical(bytes, envelopeLimits), 2, 'a signed transaction');
  return sha256(binary(body, undefined, 'body'));
}

/** Signed bytes that a transaction of this kind may have. */
export function bytesMaxOf({ largeKinds }: Pick<RuleExecutor, 'largeKinds'>, kind: string): number {
  return largeKinds.has(kind) ? ledgerLimits.largeTransactionBytesMax : ledgerLimits.transactionBytesMax;
}

function fields(value: CanonicalValue, count: number, what: string): readonly CanonicalValue[] {
  if (!Array.isArray(value) || value.length !== count) throw malformed(`${what} has ${count} fields`);
  return value;
}

function binary(value: CanonicalValue | undefined, length: number | undefined, name: string): Uint8Array {
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
    throw malformed(`${name} is not ${length === undefined ? 'binary' : `${length} bytes`}`);
  }
  return value;
}

function malformed(reason: string): AssentError {
  return new AssentError('transaction-malformed', `the transaction is malformed: ${reason}`);
}
