import { equalBytes, toHex } from '../base/index.ts';
import type { NodeId, VerifySignature } from '../crypto/portable.ts';
import { verifyBlockCertificate, verifyTermCertificate } from './certificates.ts';
import { electorateOf } from './configurations.ts';
import { sameAck, sameRequest } from './statements.ts';
import type { BlockCertificate, Configuration, Hash, SignedAck, StatementSignature, TermCertificate } from './types.ts';

const blockCertificatesKept = 512;
const termCertificatesKept = 64;

/** `known`: verified before, and seen by the search for evidence. */
export type CertificateVerdict = 'known' | 'verified' | 'invalid';

/** Verifies each distinct certificate once. Signatures are the expensive part of following; this remembers verdicts. */
export class KnownCertificates {
  readonly #nodeId: NodeId;
  readonly #ledgerId: Hash;
  readonly #verify: VerifySignature;
  /** By block hash: the form that was verified. A block has one certificate, nearly always. */
  readonly #blocks = new Map<string, BlockCertificate>();
  readonly #terms = new Map<number, TermCertificate>();

  constructor(nodeId: NodeId, ledgerId: Hash, verify: VerifySignature) {
    this.#nodeId = nodeId;
    this.#ledgerId = ledgerId;
    this.#verify = verify;
  }

  /**
   * Whether exactly these signatures certify the ack, under the configuration that it names. The signature of `own`, this
   * node's newest ack, is not verified again where it stands under this node's name.
   */
  checkBlock(certificate: BlockCertificate, configuration: Configuration, own?: SignedAck): CertificateVerdict {
    const known = this.block(certificate.ack.blockHash);
    if (known !== undefined && sameBlockCertificate(known, certificate)) return 'known';
    const isOwn = own !== undefined && sameAck(own.statement, certificate.ack);
    const ownKey = isOwn ? electorateOf(configuration).keys.get(this.#nodeId) : undefined;
    const verify: VerifySignature = (key, message, signature) =>
      (key === ownKey && isOwn && equalBytes(signature, own.signature)) || this.#verify(key, message, signature);
    if (!verifyBlockCertificate(certificate, configuration, this.#ledgerId, verify)) return 'invalid';
    this.addBlock(certificate);
    return 'verified';
  }

  /** Whether exactly these votes make the certificate, under the configuration at the claimed tip. */
  checkTerm(certificate: TermCertificate, configuration: Configuration): CertificateVerdict {
    const known = this.#terms.get(certificate.request.term);
    if (known !== undefined && sameTermCertificate(known, certificate)) return 'known';
    if (!verifyTermCertificate(certificate, configuration, this.#ledgerId, this.#verify)) return 'invalid';
    this.addTerm(certificate);
    return 'verified';
  }

  /** A verified certificate of this block, if one is remembered. */
  block(hash: Hash): BlockCertificate | undefined {
    return this.#blocks.get(toHex(hash));
  }

  /** A verified certificate of this term, if one is remembered. */
  term(term: number): TermCertificate | undefined {
    return this.#terms.get(term);
  }

  /** Remembers a certificate that this node assembled or verified itself. */
  addBlock(certificate: BlockCertificate): void {
    keep(this.#blocks, toHex(certificate.ack.blockHash), certificate, blockCertificatesKept);
  }

  addTerm(certificate: TermCertificate): void {
    if (!this.#terms.has(certificate.request.term)) {
      keep(this.#terms, certificate.request.term, certificate, termCertificatesKept);
    }
  }
}

/** The oldest goes when there is no room. */
function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

function sameBlockCertificate(left: BlockCertificate, right: BlockCertificate): boolean {
  return left === right || (sameAck(left.ack, right.ack) && sameSignatures(left.signatures, right.signatures));
}

function sameTermCertificate(left: TermCertificate, right: TermCertificate): boolean {
  return left === right || (sameRequest(left.request, right.request) && sameSignatures(left.votes, right.votes));
}

function sameSignatures(left: readonly StatementSignature[], right: readonly StatementSignature[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ signer, signature }, index) => {
      const other = right[index];
      return other !== undefined && other.signer === signer && equalBytes(other.signature, signature);
    })
  );
}
