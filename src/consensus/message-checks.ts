import { equalBytes } from '../base/index.ts';
import { HASH_BYTES, SIGNATURE_BYTES } from '../crypto/portable.ts';
import { CERTIFICATE_SIGNATURES_MAX } from './certificate-codec.ts';
import { isNodeId } from './statements.ts';
import type {
  BlockCertificate,
  BlockReference,
  Message,
  SignedAck,
  SignedVote,
  TermCertificate,
  Tip,
  VoteRequestStatement,
} from './types.ts';

/** Terms and heights stay far below what a number counts exactly, so that arithmetic on them is exact. */
export const NUMBER_MAX: number = 2 ** 48;

const NONCE_BYTES_MAX = 64;
/** A follower signs at once what it can stage at most. */
const ACKS_MAX = 1024;
const REASON_CHARACTERS_MAX = 256;

/** What is wrong with the shape of a message's parts, or undefined. Everything behind it may rely on these shapes. */
export function checkMessage(message: Message): string | undefined {
  return isWellFormed(message) ? undefined : `malformed ${message.type}`;
}

function isWellFormed(message: Message): boolean {
  switch (message.type) {
    case 'pre-vote-request':
    case 'pre-vote-reply':
      return isNumber(message.term) && isNumber(message.round) && isTip(message.tip);
    case 'vote-request':
      return (
        isRequest(message.statement) &&
        isSignature(message.signature) &&
        optional(message.tipTermCertificate, isTermCertificate)
      );
    case 'vote-reply':
      return (
        isNumber(message.term) &&
        isRequest(message.statement) &&
        isTip(message.tip) &&
        optional(message.signature, isSignature)
      );
    case 'append':
      return (
        isNumber(message.term) &&
        isNumber(message.sequence) &&
        isTip(message.previous) &&
        message.blocks.every(isBlock) &&
        optional(message.termCertificate, isTermCertificate) &&
        optional(message.certificate, isBlockCertificate)
      );
    case 'append-reply':
      return (
        isNumber(message.term) &&
        isNumber(message.sequence) &&
        isTip(message.durable) &&
        message.acks.length <= ACKS_MAX &&
        message.acks.every(isAck) &&
        optional(message.conflict, ({ hintTerm, hintHeight }) => isNumber(hintTerm) && isNumber(hintHeight)) &&
        optional(message.refusal, ({ reason }) => reason.length <= REASON_CHARACTERS_MAX)
      );
    case 'heartbeat':
      return (
        isNumber(message.term) &&
        isNumber(message.round) &&
        optional(message.termCertificate, isTermCertificate) &&
        optional(message.certificate, isBlockCertificate)
      );
    case 'heartbeat-reply':
      return (
        isNumber(message.term) &&
        isNumber(message.round) &&
        isTip(message.durable) &&
        isNumber(message.committedHeight) &&
        Number.isFinite(message.clockMs) &&
        optional(message.ack, isAck) &&
        optional(message.refusal, ({ reason }) => reason.length <= REASON_CHARACTERS_MAX)
      );
    case 'read-index-request':
      return isNumber(message.context);
    case 'read-index-reply':
      return isNumber(message.context) && optional(message.height, isNumber);
    case 'nonce-request':
      return message.nonce.length <= NONCE_BYTES_MAX;
    case 'nonce-reply':
      return (
        message.nonce.length <= NONCE_BYTES_MAX &&
        optional(message.ack, isAck) &&
        optional(message.vote, isSignedRequest) &&
        optional(message.voteRequest, isSignedRequest)
      );
    case 'branch-request':
      return isTip(message.known) && isTip(message.wanted);
    case 'branch-reply':
      return (
        isTip(message.previous) &&
        isTip(message.tip) &&
        message.blocks.every(isBlock) &&
        optional(message.certificate, isBlockCertificate)
      );
    case 'campaign-now':
      return isNumber(message.term);
  }
}

function optional<T>(value: T | undefined, check: (value: T) => boolean): boolean {
  return value === undefined || check(value);
}

function isNumber(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= NUMBER_MAX;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

function isSignature(bytes: Uint8Array): boolean {
  return bytes.length === SIGNATURE_BYTES;
}

function isTip({ term, height, hash }: Tip): boolean {
  return isNumber(term) && isNumber(height) && isHash(hash);
}

function isRequest({ term, candidate, tip, configurationHash }: VoteRequestStatement): boolean {
  return isNumber(term) && isTip(tip) && term > tip.term && isNodeId(candidate) && isHash(configurationHash);
}

function isSignedRequest({ statement, signature }: SignedVote): boolean {
  return isRequest(statement) && isSignature(signature);
}

function isAck({ statement, signature }: SignedAck): boolean {
  return (
    isNumber(statement.term) &&
    isNumber(statement.height) &&
    isHash(statement.blockHash) &&
    isHash(statement.configurationHash) &&
    isSignature(signature)
  );
}

function isBlockCertificate({ ack, signatures }: BlockCertificate): boolean {
  return (
    signatures.length <= CERTIFICATE_SIGNATURES_MAX &&
    signatures.every(({ signature }) => isAck({ statement: ack, signature }))
  );
}

function isTermCertificate({ request, votes }: TermCertificate): boolean {
  return (
    votes.length <= CERTIFICATE_SIGNATURES_MAX &&
    isRequest(request) &&
    votes.every(({ signature }) => isSignature(signature))
  );
}

function isBlock(block: BlockReference): boolean {
  const { height, term, hash, parentHash, configurationHash, byteLength, justification } = block;
  return (
    isNumber(height) &&
    height > 0 &&
    isNumber(term) &&
    term > 0 &&
    isHash(hash) &&
    isHash(parentHash) &&
    isHash(configurationHash) &&
    isNumber(byteLength) &&
    optional(justification.block, isBlockCertificate) &&
    optional(justification.term, isTermCertificate) &&
    optional(justification.configuration, ({ hash: named }) => equalBytes(named, configurationHash))
  );
}
