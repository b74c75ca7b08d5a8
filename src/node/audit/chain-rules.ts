import { equalBytes, toHex } from '../../base/index.ts';
import {
  type BlockCertificate,
  type Configuration,
  decodeJustification,
  type Justification,
  stepBetween,
  type TermCertificate,
  type Tip,
  verifyBlockCertificate,
  verifyTermCertificate,
} from '../../consensus/index.ts';
import { encodeNodeId, type NodeId, type VerifySignature } from '../../crypto/index.ts';
import { checkHeaderSignature, type Genesis, type OpenedBlock } from '../../ledger/index.ts';
import { type OpenRecovery, recoveriesOf } from '../../verify/index.ts';
import { consensusConfiguration, readConfiguration } from '../replica/configuration.ts';
import { ledgerFault, readOrFault } from './fault.ts';
import type { AuditStart } from './start.ts';

/** A block of the chain as a certificate names it. */
export interface ChainPlace extends Tip {
  readonly configurationHash: Uint8Array;
}

/** So many of the newest blocks are in memory, for the certificates that name them; older ones are looked up. */
const recentMax = 4096;

/**
 * What consensus demands of a chain (protocol.md §4, §5), held against one block after the other from genesis, or a checkpoint: links,
 * terms and who may lead them, certificates, configurations. The signatures of certificates count under the
 * configurations that the chain itself brought.
 */
export class ChainRules {
  readonly #ledgerId: Uint8Array;
  readonly #verify: VerifySignature;
  readonly #openRecovery: OpenRecovery;
  readonly #placeAt: (height: number) => Promise<ChainPlace | undefined>;
  readonly #configurations = new Map<string, Configuration>();
  readonly #recent = new Map<number, ChainPlace>();
  /** The first block that was checked stands on it. */
  readonly #base: ChainPlace;
  #tip: Tip;
  #timestamp: number;
  #proposer: NodeId | undefined;
  #configuration: Configuration;
  #changeHeight = 0;
  #changes = 0;
  #certifiedHeight = 0;

  /** `placeAt` finds blocks that were checked before and are not recent. */
  constructor(
    genesis: Genesis,
    verify: VerifySignature,
    placeAt: (height: number) => Promise<ChainPlace | undefined>,
    start?: AuditStart,
  ) {
    this.#ledgerId = genesis.ledgerId;
    this.#verify = verify;
    this.#openRecovery = recoveriesOf(genesis, verify);
    this.#placeAt = placeAt;
    const first = consensusConfiguration(genesis.configuration);
    this.#learn(first);
    for (const { configuration } of start?.changes ?? []) this.#learn(configuration);
    this.#configuration = start?.configuration ?? first;
    this.#changes = start?.changes.length ?? 0;
    this.#changeHeight = start?.changes.at(-1)?.height ?? 0;
    this.#proposer = start && encodeNodeId(start.header.proposer);
    this.#timestamp = start?.header.timestamp ?? genesis.content.createdAt;
    const { term, height } = start?.header ?? { term: 0, height: 0 };
    this.#tip = { term, height, hash: start?.hash ?? genesis.ledgerId };
    this.#base = { ...this.#tip, configurationHash: this.#configuration.hash };
    this.#certifiedHeight = height;
  }

  /** The newest block that was checked. */
  get tip(): Tip {
    return this.#tip;
  }

  /** A certificate covers the blocks up to here. */
  get certifiedHeight(): number {
    return this.#certifiedHeight;
  }

  /** In force after the newest block that was checked. */
  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Changes of the configuration so far, recoveries among them. */
  get changes(): number {
    return this.#changes;
  }

  /** A configuration that this chain has had. */
  configurationOf(hash: Uint8Array): Configuration | undefined {
    return this.#configurations.get(toHex(hash));
  }

  /** Whether the chain has this block. */
  async has(place: Tip): Promise<boolean> {
    const own = await this.#place(place.height);
    return own !== undefined && own.term === place.term && equalBytes(own.hash, place.hash);
  }

  /** Takes the next block, or throws `verification-failed`. `isSigned`: whether its header's signature is at hand. */
  async check(block: OpenedBlock, isSigned: boolean): Promise<Justification> {
    const { header, hash } = block;
    const { height } = header;
    const demand = (holds: boolean, check: Parameters<typeof ledgerFault>[1], what: string): void => {
      if (!holds) throw ledgerFault(height, check, what);
    };
    const parent = this.#tip;
    demand(equalBytes(header.ledgerId, this.#ledgerId), 'parent', 'it is of another ledger');
    demand(
      height === parent.height + 1 && equalBytes(header.parentHash, parent.hash),
      'parent',
      'it does not stand on the block before it',
    );
    demand(header.term >= Math.max(1, parent.term), 'term', 'its term is lower than that of the block before it');
    demand(header.timestamp > this.#timestamp, 'term', 'its time is not after that of the block before it');
    if (isSigned)
      readOrFault(height, 'header-signature', () => checkHeaderSignature(block, this.#ledgerId, this.#verify));
    const justification = readOrFault(height, 'form', () =>
      decodeJustification(block.justification, readConfiguration),
    );
    const proposer = encodeNodeId(header.proposer);
    const founded =
      justification.recovery === undefined ? undefined : this.#founded(height, header.term, justification);
    const before = founded ?? this.#configuration;
    if (founded !== undefined) this.#learn(founded);
    if (header.term > parent.term) this.#checkLeader(height, header.term, proposer, before, justification.term);
    else {
      demand(justification.term === undefined, 'term', 'it repeats the certificate of its term');
      demand(proposer === this.#proposer, 'term', 'its term has another leader');
    }
    if (justification.block !== undefined) await this.#checkAncestor(height, justification.block);
    const after = founded ?? this.#next(height, header.term, header.configurationHash, justification);
    demand(
      equalBytes(after.hash, header.configurationHash),
      'configuration',
      'its header names another configuration than the chain comes to',
    );
    if (after !== this.#configuration) {
      this.#changes += 1;
      this.#changeHeight = height;
      this.#learn(after);
    }
    this.#configuration = after;
    this.#proposer = proposer;
    this.#timestamp = header.timestamp;
    this.#tip = { term: header.term, height, hash };
    this.#recent.set(height, { ...this.#tip, configurationHash: header.configurationHash });
    this.#recent.delete(height - recentMax);
    return justification;
  }

  /** A certificate that no block of the chain cites: it must be of this chain, too. */
  async checkCertificate(certificate: BlockCertificate): Promise<void> {
    await this.#checkAncestor(certificate.ack.height, certificate, this.#tip.height);
  }

  /** A certificate of a term that some block of this chain may have opened; undefined where it counts for nothing known. */
  isTermCertificate(certificate: TermCertificate): boolean | undefined {
    const configuration = this.configurationOf(certificate.request.configurationHash);
    return configuration && verifyTermCertificate(certificate, configuration, this.#ledgerId, this.#verify);
  }

  /** A term's first block carries the votes of a majority, for the very tip that it extends. */
  #checkLeader(
    height: number,
    term: number,
    proposer: NodeId,
    before: Configuration,
    certificate: TermCertificate | undefined,
  ): void {
    const broken = (what: string): never => {
      throw ledgerFault(height, 'certificate', what);
    };
    if (certificate === undefined)
      throw ledgerFault(height, 'certificate', 'it opens a term without the certificate of it');
    const { request } = certificate;
    if (request.term !== term || request.candidate !== proposer)
      broken('its term certificate is for another leader or term');
    const { tip } = request;
    const isTip =
      tip.term === this.#tip.term && tip.height === this.#tip.height && equalBytes(tip.hash, this.#tip.hash);
    if (!isTip || !equalBytes(request.configurationHash, before.hash))
      broken('its leader was elected for another tip than it extends');
    if (!verifyTermCertificate(certificate, before, this.#ledgerId, this.#verify))
      broken('no majority of the configuration elected its leader');
  }

  async #checkAncestor(height: number, certificate: BlockCertificate, heightMax: number = height - 1): Promise<void> {
    const { ack } = certificate;
    const broken = (what: string): never => {
      throw ledgerFault(height, 'certificate', what);
    };
    const own = ack.height >= 1 && ack.height <= heightMax ? await this.#place(ack.height) : undefined;
    const isOfChain =
      // What is before a checkpoint is not looked at: that a majority signed it is.
      ack.height < this.#base.height ||
      (own !== undefined &&
        own.term === ack.term &&
        equalBytes(own.hash, ack.blockHash) &&
        equalBytes(own.configurationHash, ack.configurationHash));
    if (!isOfChain) broken('a certificate names no block of this chain');
    const configuration = this.configurationOf(ack.configurationHash);
    if (
      configuration === undefined ||
      !verifyBlockCertificate(certificate, configuration, this.#ledgerId, this.#verify)
    )
      broken('a certificate is not signed by a majority of its configuration');
    this.#certifiedHeight = Math.max(this.#certifiedHeight, ack.height);
  }

  /** In force after a block that founds nothing. */
  #next(height: number, term: number, named: Uint8Array, { configuration, block }: Justification): Configuration {
    if (configuration === undefined) return this.#configuration;
    const broken = (what: string): never => {
      throw ledgerFault(height, 'configuration', what);
    };
    if (!equalBytes(configuration.hash, named)) broken('it carries another configuration than its header names');
    if (stepBetween(this.#configuration, configuration) === undefined)
      broken('more or less than one node changes in one step');
    if (block === undefined || block.ack.term !== term)
      return broken('it changes the configuration without a certificate of its own term');
    if (block.ack.height < this.#changeHeight)
      broken('it changes the configuration before the change before was certified');
    return configuration;
  }

  /** A new generation stands on the very base that enough members signed, opens a term and brings fresh keys. */
  #founded(height: number, term: number, { recovery, configuration }: Justification): Configuration {
    const broken = (what: string): never => {
      throw ledgerFault(height, 'configuration', what);
    };
    const opened = recovery && this.#openRecovery(recovery);
    if (opened === undefined) return broken('the recovery that it carries does not hold');
    const { base } = opened;
    const isBase =
      base.height === this.#tip.height && base.term === this.#tip.term && equalBytes(base.hash, this.#tip.hash);
    if (!isBase || term <= this.#tip.term)
      broken('it does not stand on the base of its recovery, in a term of its own');
    if (configuration === undefined || !equalBytes(configuration.hash, opened.configuration.hash))
      broken('its recovery names another configuration');
    if (opened.configuration.generation !== this.#configuration.generation + 1)
      broken('its recovery is not of the next generation');
    const former = new Set(this.#configuration.nodes.map(({ id }) => id));
    if (opened.configuration.nodes.some(({ id }) => former.has(id))) broken('its recovery brings back a former key');
    return opened.configuration;
  }

  async #place(height: number): Promise<ChainPlace | undefined> {
    if (height <= this.#base.height) return height === this.#base.height && height > 0 ? this.#base : undefined;
    return this.#recent.get(height) ?? (height <= this.#tip.height ? await this.#placeAt(height) : undefined);
  }

  #learn(configuration: Configuration): void {
    this.#configurations.set(toHex(configuration.hash), configuration);
  }
}
