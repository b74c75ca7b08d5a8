import { AssentError, equalBytes } from '../base/index.ts';
import {
  ACK_BYTES,
  type AckStatement,
  ackMessage,
  decodeAck,
  decodeVoteRequest,
  VOTE_REQUEST_BYTES,
  type VoteRequestStatement,
  voteMessage,
  voteRequestMessage,
} from '../consensus/portable.ts';
import { SIGNATURE_BYTES, sha256, signedMessage, type VerifySignature } from '../crypto/portable.ts';
import { type BlockHeader, decodeHeader } from '../ledger/portable.ts';

/** A header that its proposer signed, with the block's hash. */
export interface OpenedHeader extends BlockHeader {
  readonly hash: Uint8Array;
}

/** Reads the statements of one record: each is of this ledger and signed, or `verification-failed` is thrown. */
export class StatementReader {
  readonly #ledgerId: Uint8Array;
  readonly #verify: VerifySignature;

  constructor(ledgerId: Uint8Array, verify: VerifySignature) {
    this.#ledgerId = ledgerId;
    this.#verify = verify;
  }

  /** An ack by this key. */
  ack(key: Uint8Array, bytes: Uint8Array): AckStatement {
    const { body, signature } = split(bytes, ACK_BYTES);
    const statement = decodeAck(body);
    this.#check(key, ackMessage(this.#ledgerId, statement), signature, 'an ack');
    return statement;
  }

  /** A vote by this key. */
  vote(key: Uint8Array, bytes: Uint8Array): VoteRequestStatement {
    const { body, signature } = split(bytes, VOTE_REQUEST_BYTES);
    const statement = decodeVoteRequest(body);
    this.#check(key, voteMessage(this.#ledgerId, statement), signature, 'a vote');
    return statement;
  }

  /** A vote request by this key. */
  voteRequest(key: Uint8Array, bytes: Uint8Array): VoteRequestStatement {
    const { body, signature } = split(bytes, VOTE_REQUEST_BYTES);
    const statement = decodeVoteRequest(body);
    this.#check(key, voteRequestMessage(this.#ledgerId, statement), signature, 'a vote request');
    return statement;
  }

  /** A header signed by the key that it names as its proposer. */
  header(bytes: Uint8Array): OpenedHeader {
    const { body, signature } = split(bytes, Math.max(0, bytes.length - SIGNATURE_BYTES));
    const header = decodeHeader(body);
    if (!equalBytes(header.ledgerId, this.#ledgerId)) throw failed('a header is of another ledger');
    this.#check(header.proposer, signedMessage('header', this.#ledgerId, body), signature, 'a header');
    return { ...header, hash: sha256(body) };
  }

  #check(key: Uint8Array, message: Uint8Array, signature: Uint8Array, what: string): void {
    if (!this.#verify(key, message, signature)) throw failed(`the signature of ${what} does not verify`);
  }
}

export function failed(reason: string): AssentError {
  return new AssentError('verification-failed', `The evidence proves nothing: ${reason}.`);
}

function split(bytes: Uint8Array, bodyBytes: number): { body: Uint8Array; signature: Uint8Array } {
  if (bytes.length !== bodyBytes + SIGNATURE_BYTES) throw failed('a statement has another length');
  return { body: bytes.subarray(0, bodyBytes), signature: bytes.subarray(bodyBytes) };
}
