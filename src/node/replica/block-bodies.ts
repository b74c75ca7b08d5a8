import { AssentError, BoundedQueue, equalBytes, present, toHex, uint64Bytes } from '../../base/index.ts';
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

/** Settled blocks are kept up to so many, and so many bytes, for followers that are a little behind. */
const settledMax = 256;
const settledBytesMax = 8 * 1024 * 1024;

/**
 * The bytes behind consensus' references, and the durable chain as consensus reads it. A reference that consensus holds
 * keeps its block in memory until the block is settled and others came after it, and no other does: memory is bounded by
 * the core's own limits on what is not committed. From then on the block is read from the store.
 */
export class BlockBodies implements ChainReader {
  readonly #store: Store;
  readonly #genesis: Genesis;
  readonly #ledgerId: Uint8Array;
  readonly #verify: VerifySignature;
  readonly #configurations: ConfigurationRecords;
  readonly #bodies = new WeakMap<BlockReference, OpenedBlock>();
  /** Oldest first. */
  readonly #settled = new BoundedQueue<BlockReference>({
    countMax: settledMax + 1,
    weigh: ({ byteLength }) => byteLength,
  });
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

  /** The block's effects are durable, and so is it. */
  settled(reference: BlockReference): void {
    this.#settled.push(reference);
    while (this.#settled.length > settledMax || this.#settled.weight > settledBytesMax) {
      const oldest = this.#settled.shift();
      if (oldest !== undefined) this.#bodies.delete(oldest);
    }
  }

  #refer(block: OpenedBlock): BlockReference {
    // A reference outlives its block: of what it names it has copies, since a view would keep the block.
    const justification = decodeJustification(block.justification.slice(), readConfiguration);
    const reference = referenceOf(block, justification, block.bytes.length);
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
    parentHash: parentHash.slice(),
    proposer: encodeNodeId(proposer),
    configurationHash: configurationHash.slice(),
    justification,
    byteLength,
  };
}
