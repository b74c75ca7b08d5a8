import { AssentError, messageOf, utf8 } from '../../base/index.ts';
import type {
  AckStatement,
  HardState,
  PeerPromise,
  SignedAck,
  SignedVote,
  Tip,
  VoteRequestStatement,
} from '../../consensus/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import { prefixedKey, type Store } from '../../storage/index.ts';

/** How the consensus core's durable facts stand in the store and in the mark file. */
const recordVersion = 2;
const recordLimits = { bytesMax: 4096, depthMax: 6, countMax: 128 };

export const hardStateKey: Uint8Array = prefixedKey('consensus', utf8('hard-state'));
export const highestCertificateKey: Uint8Array = prefixedKey('consensus', utf8('certificate'));
export const highestTermKey: Uint8Array = prefixedKey('consensus', utf8('term-certificate'));
export const blockCertificateKey: Uint8Array = utf8('b');
export const termCertificateKey: Uint8Array = utf8('t');

export function promiseKey(nodeId: NodeId): Uint8Array {
  return prefixedKey('peerPromise', utf8(nodeId));
}

/** The record under the key, if there is one. Throws `storage-damaged`. */
export function readRecord<T>(store: Store, key: Uint8Array, decode: (bytes: Uint8Array) => T): T | undefined {
  const bytes = store.get(key);
  return bytes === undefined ? undefined : ownBytes('a record of consensus', () => decode(bytes));
}

/** What this node wrote itself and can no longer make sense of is damage, whatever the reader calls it. */
export function ownBytes<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code.startsWith('storage-')) throw error;
    throw new AssentError('storage-damaged', `${what} is damaged: ${messageOf(error)}`, {}, { cause: error });
  }
}

export function encodeHardState(state: HardState): Uint8Array {
  return encodeCanonical([
    recordVersion,
    state.term,
    optional(state.vote, encodeRequest),
    optional(state.voteRequest, encodeRequest),
    optional(state.ack, encodeAck),
  ]);
}

/** Throws `encoding-invalid`. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const [version, term, vote, voteRequest, ack] = list(decodeCanonical(bytes, recordLimits));
  if (version !== recordVersion) throw unreadable();
  return {
    term: count(term),
    ...(vote === null ? {} : { vote: decodeRequest(vote) }),
    ...(voteRequest === null ? {} : { voteRequest: decodeRequest(voteRequest) }),
    ...(ack === null ? {} : { ack: decodeAck(ack) }),
  };
}

export function encodePromise(promise: PeerPromise): Uint8Array {
  return encodeCanonical([
    recordVersion,
    promise.nodeId,
    optional(promise.ack, encodeSignedAck),
    optional(promise.vote, encodeSignedVote),
    optional(promise.voteRequest, encodeSignedVote),
  ]);
}

/** Throws `encoding-invalid`. */
export function decodePromise(bytes: Uint8Array): PeerPromise {
  const [version, nodeId, ack, vote, voteRequest] = list(decodeCanonical(bytes, recordLimits));
  if (version !== recordVersion) throw unreadable();
  return {
    nodeId: text(nodeId),
    ...(ack === null ? {} : { ack: decodeSignedAck(ack) }),
    ...(vote === null ? {} : { vote: decodeSignedVote(vote) }),
    ...(voteRequest === null ? {} : { voteRequest: decodeSignedVote(voteRequest) }),
  };
}

export function encodeTip(tip: Tip): CanonicalValue {
  return [tip.term, tip.height, tip.hash];
}

export function decodeTip(value: CanonicalValue | undefined): Tip {
  const [term, height, hash] = list(value, 3);
  return { term: count(term), height: count(height), hash: binary(hash, 32) };
}

export function encodeRequest(statement: VoteRequestStatement): CanonicalValue {
  return [statement.term, statement.candidate, encodeTip(statement.tip), statement.configurationHash];
}

export function decodeRequest(value: CanonicalValue | undefined): VoteRequestStatement {
  const [term, candidate, tip, configurationHash] = list(value, 4);
  return {
    term: count(term),
    candidate: text(candidate),
    tip: decodeTip(tip),
    configurationHash: binary(configurationHash, 32),
  };
}

function encodeAck(statement: AckStatement): CanonicalValue {
  return [statement.term, statement.height, statement.blockHash, statement.configurationHash];
}

function decodeAck(value: CanonicalValue | undefined): AckStatement {
  const [term, height, blockHash, configurationHash] = list(value, 4);
  return {
    term: count(term),
    height: count(height),
    blockHash: binary(blockHash, 32),
    configurationHash: binary(configurationHash, 32),
  };
}

export function encodeSignedAck(ack: SignedAck): CanonicalValue {
  return [encodeAck(ack.statement), ack.signature];
}

export function decodeSignedAck(value: CanonicalValue | undefined): SignedAck {
  const [statement, signature] = list(value, 2);
  return { statement: decodeAck(statement), signature: binary(signature, 64) };
}

/** Votes and vote requests sign the same tuple. */
export function encodeSignedVote(vote: SignedVote): CanonicalValue {
  return [encodeRequest(vote.statement), vote.signature];
}

export function decodeSignedVote(value: CanonicalValue | undefined): SignedVote {
  const [statement, signature] = list(value, 2);
  return { statement: decodeRequest(statement), signature: binary(signature, 64) };
}

export function optional<T>(value: T | undefined, encode: (value: T) => CanonicalValue): CanonicalValue {
  return value === undefined ? null : encode(value);
}

export function list(value: CanonicalValue | undefined, length?: number): readonly CanonicalValue[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) throw unreadable();
  return value;
}

export function count(value: CanonicalValue | undefined): number {
  if (typeof value !== 'number' || value < 0) throw unreadable();
  return value;
}

export function text(value: CanonicalValue | undefined): string {
  if (typeof value !== 'string' || value.length > 128) throw unreadable();
  return value;
}

export function binary(value: CanonicalValue | undefined, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) throw unreadable();
  return value;
}

function unreadable(): AssentError {
  return new AssentError('encoding-invalid', 'a record of consensus has another shape');
}
