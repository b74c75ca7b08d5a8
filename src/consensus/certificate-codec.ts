import { AssentError, compareBytes, concatBytes, readUint64 } from '../base/index.ts';
import { encodeNodeId, SIGNATURE_BYTES } from '../crypto/portable.ts';
import { ACK_BYTES, encodeAck, encodeVoteRequest, publicKeyOf, VOTE_REQUEST_BYTES } from './statements.ts';
import type {
  AckStatement,
  BlockCertificate,
  Configuration,
  Justification,
  StatementSignature,
  TermCertificate,
  VoteRequestStatement,
} from './types.ts';

/** The most signatures that a certificate can carry. */
export const CERTIFICATE_SIGNATURES_MAX = 128;

const KEY_BYTES = 32;
const ENTRY_BYTES = KEY_BYTES + SIGNATURE_BYTES;
const justificationVersion = 1;
const hasBlock = 1;
const hasTerm = 2;
const hasConfiguration = 4;
const hasRecovery = 8;
const flagsMax = hasBlock | hasTerm | hasConfiguration | hasRecovery;

/** The ack's body, the number of signatures (u8), then key and signature each, keys ascending. */
export function encodeBlockCertificate(certificate: BlockCertificate): Uint8Array {
  return concatBytes(encodeAck(certificate.ack), encodeSignatures(certificate.signatures));
}

/** The request's body, then the votes as in {@link encodeBlockCertificate}. */
export function encodeTermCertificate(certificate: TermCertificate): Uint8Array {
  return concatBytes(encodeVoteRequest(certificate.request), encodeSignatures(certificate.votes));
}

/**
 * Version, a byte of flags (1: block, 2: term, 4: configuration, 8: recovery), then the certificates that they name, then
 * the statement of the recovery behind its length (u32); the configuration's bytes come last, to the end.
 */
export function encodeJustification({ block, term, configuration, recovery }: Justification): Uint8Array {
  const flags =
    (block === undefined ? 0 : hasBlock) |
    (term === undefined ? 0 : hasTerm) |
    (configuration === undefined ? 0 : hasConfiguration) |
    (recovery === undefined ? 0 : hasRecovery);
  return concatBytes(
    Uint8Array.of(justificationVersion, flags),
    ...(block === undefined ? [] : [encodeBlockCertificate(block)]),
    ...(term === undefined ? [] : [encodeTermCertificate(term)]),
    ...(recovery === undefined ? [] : [uint32Bytes(recovery.length), recovery]),
    ...(configuration === undefined ? [] : [configuration.bytes]),
  );
}

/** Strict inverse of {@link encodeAck}. Throws `encoding-invalid`. */
export function decodeAck(bytes: Uint8Array): AckStatement {
  return whole(bytes, readAck);
}

/** Strict inverse of {@link encodeVoteRequest}. Throws `encoding-invalid`. */
export function decodeVoteRequest(bytes: Uint8Array): VoteRequestStatement {
  return whole(bytes, readVoteRequest);
}

/** Strict inverse of {@link encodeBlockCertificate}: nothing may follow. Throws `encoding-invalid`. */
export function decodeBlockCertificate(bytes: Uint8Array): BlockCertificate {
  return whole(bytes, readBlockCertificate);
}

/** Strict inverse of {@link encodeTermCertificate}. Throws `encoding-invalid`. */
export function decodeTermCertificate(bytes: Uint8Array): TermCertificate {
  return whole(bytes, readTermCertificate);
}

/**
 * Strict inverse of {@link encodeJustification}; what a configuration's bytes mean is the ledger's affair. Throws
 * `encoding-invalid`.
 */
export function decodeJustification(
  bytes: Uint8Array,
  openConfiguration: (bytes: Uint8Array) => Configuration,
): Justification {
  return whole(bytes, (reader) => {
    const [version, flags] = reader.take(2) as unknown as [number, number];
    if (version !== justificationVersion || flags > flagsMax) throw invalid('unknown version or flags');
    return {
      ...((flags & hasBlock) !== 0 && { block: readBlockCertificate(reader) }),
      ...((flags & hasTerm) !== 0 && { term: readTermCertificate(reader) }),
      ...((flags & hasRecovery) !== 0 && { recovery: reader.take(reader.uint32()) }),
      ...((flags & hasConfiguration) !== 0 && { configuration: openConfiguration(reader.rest()) }),
    };
  });
}

function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function encodeSignatures(signatures: readonly StatementSignature[]): Uint8Array {
  const entries = signatures.map(({ signer, signature }) => concatBytes(publicKeyOf(signer), signature));
  return concatBytes(Uint8Array.of(signatures.length), ...entries);
}

/** Reads on over bytes that may end too soon. */
class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A copy, so that a small certificate does not keep a large frame alive. */
  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw invalid('cut short');
    const taken = this.#bytes.slice(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  uint32(): number {
    return new DataView(this.take(4).buffer).getUint32(0);
  }

  uint64(): number {
    const bytes = this.take(8);
    if ((bytes[0] as number) > 0 || (bytes[1] as number) >= 0x20) throw invalid('integer above 2^53 - 1');
    return readUint64(bytes);
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#offset);
  }

  get finished(): boolean {
    return this.#offset === this.#bytes.length;
  }
}

function whole<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes);
  const value = read(reader);
  if (!reader.finished) throw invalid('bytes follow the end');
  return value;
}

function readBlockCertificate(reader: Reader): BlockCertificate {
  return { ack: readAck(reader), signatures: readSignatures(reader) };
}

function readTermCertificate(reader: Reader): TermCertificate {
  return { request: readVoteRequest(reader), votes: readSignatures(reader) };
}

function readAck(reader: Reader): AckStatement {
  return {
    term: reader.uint64(),
    height: reader.uint64(),
    blockHash: reader.take(32),
    configurationHash: reader.take(ACK_BYTES - 48),
  };
}

function readVoteRequest(reader: Reader): VoteRequestStatement {
  return {
    term: reader.uint64(),
    candidate: encodeNodeId(reader.take(KEY_BYTES)),
    tip: { term: reader.uint64(), height: reader.uint64(), hash: reader.take(32) },
    configurationHash: reader.take(VOTE_REQUEST_BYTES - 88),
  };
}

function readSignatures(reader: Reader): StatementSignature[] {
  const count = reader.take(1)[0] as number;
  if (count === 0 || count > CERTIFICATE_SIGNATURES_MAX) throw invalid('number of signatures');
  let previousKey: Uint8Array | undefined;
  return Array.from({ length: count }, () => {
    const entry = reader.take(ENTRY_BYTES);
    const key = entry.slice(0, KEY_BYTES);
    if (previousKey !== undefined && compareBytes(previousKey, key) >= 0) throw invalid('signers are not in order');
    previousKey = key;
    return { signer: encodeNodeId(key), signature: entry.slice(KEY_BYTES) };
  });
}

function invalid(reason: string): AssentError {
  return new AssentError('encoding-invalid', `the certificate is malformed: ${reason}`);
}
