import { AssentError, equalBytes, present, toHex, uint64Bytes } from '../../base/index.ts';
import type {
  BlockReference,
  ChainReader,
  Configuration,
  Recovery,
  SignedHeader,
  TermCertificate,
} from '../../consensus/index.ts';
import { decodeJustification, decodeTermCertificate } from '../../consensus/index.ts';
import { encodeNodeId, type VerifySignature } from '../../crypto/index.ts';
import {
  checkHeaderSignature,
  decodeSignedHeader,
  encodeSignedHeader,
  type Genesis,
  type OpenedBlock,
  readBlock,
} from '../../ledger/index.ts';
import { prefixedKey, type Store } from '../../storage/index.ts';
import { readConfiguration } from './configuration.ts';
import type { ConfigurationRecords } from './configuration-records.ts';
import { readRecord, termCertificateKey } from './records.ts';
import { acceptRecovery } from './recovery-record.ts';

/** Signed headers kept to prove a contradiction with, should another of the same height turn up. */
const recentHeadersMax = 1024;

/**
 * The bytes behind consensus' references, and the durable chain as consensus reads it. A reference that consensus holds
 * keeps its block in memory, and no other does: memory is bounded by the core's own limits.
 */
export class BlockBodies implements ChainReader {
  readonly #store: Store;
  readonly #genesis: Genesis;
  readonly #ledgerId: Uint8Array;
  readonly #verify: VerifySignature;
  readonly #configurations: ConfigurationRecords;
  readonly #bodies = new WeakMap<BlockReference, OpenedBlock>();
  readonly #headers = new Map<string, SignedHeader>();

  constructor(options: {
    store: Store;
    genesis: Genesis;
    verify: VerifySignature;
    configurations: ConfigurationRecords;
  }) {
    this.#store = options.store;
    this.#genesis = options.genesis;
    this.#ledgerId = options.genesis.ledgerId;
    this.#verify = options.verify;
    this.#configurations = options.configurations;
  }

  /** The block of a reference that came from here or that consensus read from the store. */
  body(reference: BlockReference): OpenedBlock {
    const known = this.#bodies.get(reference) ?? readBlock(this.#store, reference.height);
    const block = present(known, 'a referenced block is in memory or in the store');
    if (!equalBytes(block.hash, reference.hash)) {
      throw new AssentError('storage-damaged', `the stored block ${reference.height} is not the one of the chain`);
    }
    return block;
  }

  /** The block at this height as this node wrote it, after it had checked it. Throws `storage-damaged`. */
  reference(height: number): BlockReference | undefined {
    const block = readBlock(this.#store, height);
    return block === undefined ? undefined : this.#refer(block);
  }

  /** Wraps a received block after checking its header's signature. Throws `signature-invalid` or `encoding-invalid`. */
  receive(block: OpenedBlock): BlockReference {
    checkHeaderSignature(block, this.#ledgerId, this.#verify);
    const reference = this.#refer(block);
    this.#rememberHeader(block);
    return reference;
  }

  /** Gives a reference that consensus took already its block. */
  attach(reference: BlockReference, block: OpenedBlock): void {
    this.#bodies.set(reference, block);
    this.#rememberHeader(block);
  }

  #refer(block: OpenedBlock): BlockReference {
    const reference = referenceOf(
      block,
      decodeJustification(block.justification, readConfiguration),
      block.bytes.length,
    );
    this.#bodies.set(reference, block);
    return reference;
  }

  signedHeader(height: number): SignedHeader | undefined {
    const block = readBlock(this.#store, height);
    return block === undefined ? undefined : encodeSignedHeader(block);
  }

  /** The signed header of a block seen lately, as proof. */
  recentHeader(hash: Uint8Array): SignedHeader | undefined {
    return this.#headers.get(toHex(hash));
  }

  openHeader(header: SignedHeader): BlockReference | undefined {
    try {
      const parts = decodeSignedHeader(header);
      if (!equalBytes(parts.header.ledgerId, this.#ledgerId)) return undefined;
      checkHeaderSignature(parts, this.#ledgerId, this.#verify);
      return referenceOf(parts, {}, 0);
    } catch (error) {
      if (error instanceof AssentError) return undefined;
      throw error;
    }
  }

  termCertificate(term: number): TermCertificate | undefined {
    const key = prefixedKey('certificate', termCertificateKey, uint64Bytes(term));
    return readRecord(this.#store, key, decodeTermCertificate);
  }

  configuration(hash: Uint8Array): Configuration | undefined {
    return this.#configurations.get(hash);
  }

  openRecovery(bytes: Uint8Array): Recovery | undefined {
    return acceptRecovery(bytes, this.#genesis, this.#verify);
  }

  /** Not those of strangers, who could sign any number to push out what matters. */
  #rememberHeader(block: OpenedBlock): void {
    const known = this.#configurations.get(block.header.configurationHash);
    if (known?.nodes.some(({ publicKey }) => equalBytes(publicKey, block.header.proposer)) !== true) return;
    this.#headers.set(block.hashHex, encodeSignedHeader(block));
    if (this.#headers.size <= recentHeadersMax) return;
    const [oldest] = this.#headers.keys();
    if (oldest !== undefined) this.#headers.delete(oldest);
  }
}

function referenceOf(
  block: Pick<OpenedBlock, 'header' | 'hash'>,
  justification: BlockReference['justification'],
  byteLength: number,
): BlockReference {
  const { height, term, parentHash, proposer, configurationHash } = block.header;
  return {
    height,
    term,
    hash: block.hash,
    parentHash,
    proposer: encodeNodeId(proposer),
    configurationHash,
    justification,
    byteLength,
  };
}
