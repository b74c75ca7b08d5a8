import { concatBytes, present, toHex, uint64Bytes, utf8 } from '../../../src/base/index.ts';
import {
  type AckStatement,
  ackMessage,
  ackOf,
  type BlockCertificate,
  type BlockReference,
  type Configuration,
  type ConfigurationStep,
  type HardState,
  type Hash,
  type Justification,
  type NodeRole,
  type PeerPromise,
  type Recovery,
  type SignedAck,
  type StatementSignature,
  type TermCertificate,
  type Tip,
  tipOf,
  type VoteRequestStatement,
  voteMessage,
  voteRequestMessage,
} from '../../../src/consensus/index.ts';
import { encodeNodeId, type NodeId, type Signer, sha256, type VerifySignature } from '../../../src/crypto/portable.ts';

export const ledgerId: Hash = sha256(utf8('a ledger for tests'));
export const genesisTip: Tip = { term: 0, height: 0, hash: ledgerId };

/** A keyed hash in place of Ed25519: as many bytes, as deterministic, and a wrong message or key does not pass. */
export function fastSigner(publicKey: Uint8Array): Signer {
  return { publicKey, sign: (message) => fastSignature(publicKey, message) };
}

export const fastVerify: VerifySignature = (publicKey, message, signature) => {
  const expected = fastSignature(publicKey, message);
  return expected.length === signature.length && expected.every((byte, index) => byte === signature[index]);
};

function fastSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = sha256(publicKey, message);
  return concatBytes(digest, digest);
}

/** What survives a crash. */
export interface Disk {
  chain: BlockReference[];
  /** What lies below it in the chain came with a snapshot: the disk does not have it. */
  baseHeight: number;
  hardState: HardState;
  committedHeight: number;
  certificate?: BlockCertificate;
  recovery?: Recovery;
  termCertificates: Map<number, TermCertificate>;
  promises: Map<NodeId, PeerPromise>;
}

/** Holds every key of a configuration, and so can make any block, statement and certificate. */
export class Forge {
  readonly signers: readonly Signer[];
  readonly configuration: Configuration;
  /** Every block ever made, by hash: the headers that travelled. */
  readonly blocks: Map<string, BlockReference> = new Map<string, BlockReference>();
  /** Statements that enough members signed, by their bytes. */
  readonly recoveries: Map<string, Recovery> = new Map<string, Recovery>();
  #blocksMade = 0;

  /** The outsiders come after the nodes of the first configuration. */
  constructor(size: number, learners = 0, outsiders = 0) {
    this.signers = Array.from({ length: size + outsiders }, (_, index) => fastSigner(sha256(utf8(`node ${index}`))));
    this.configuration = this.configurationOf(
      Array.from({ length: size }, (_, index) => [index, index < size - learners ? 'voter' : 'learner']),
    );
  }

  /** A configuration of some of the nodes. */
  configurationOf(roles: readonly (readonly [index: number, role: NodeRole])[], generation = 0): Configuration {
    const bytes = utf8(`${generation} ${roles.join(' ')}`);
    const nodes = roles.map(([index, role]) => {
      return { id: this.id(index), publicKey: this.signer(index).publicKey, role };
    });
    return { generation, nodes, bytes, hash: sha256(bytes) };
  }

  /** A statement of the members, the nodes of the new generation all voters. */
  recovery(base: Tip, indexes: readonly number[], generation = 1): Recovery {
    const configuration = this.configurationOf(
      indexes.map((index) => [index, 'voter']),
      generation,
    );
    const recovery: Recovery = { base, configuration, bytes: concatBytes(base.hash, configuration.hash) };
    this.recoveries.set(toHex(recovery.bytes), recovery);
    return recovery;
  }

  /** The configuration one step later. That of nodes with equal roles is the same, whichever way led to it. */
  stepFrom({ generation, nodes }: Configuration, step: ConfigurationStep['step'], index: number): Configuration {
    const roles = new Map(nodes.map(({ id, role }) => [this.indexOf(id), role]));
    if (step === 'remove') roles.delete(index);
    else roles.set(index, step === 'promote' ? 'voter' : 'learner');
    return this.configurationOf(
      [...roles].sort(([left], [right]) => left - right),
      generation,
    );
  }

  indexOf(id: NodeId): number {
    return this.signers.findIndex((_, index) => this.id(index) === id);
  }

  /** What is in force after the tip. */
  configurationHashAt(tip: Tip): Hash {
    return this.blocks.get(toHex(tip.hash))?.configurationHash ?? this.configuration.hash;
  }

  signer(index: number): Signer {
    return present(this.signers[index], 'the node exists');
  }

  id(index: number): NodeId {
    return encodeNodeId(this.signer(index).publicKey);
  }

  block(
    parent: Tip,
    term: number,
    proposer: NodeId,
    justification: Justification = {},
    byteLength = 100,
  ): BlockReference {
    this.#blocksMade += 1;
    const block: BlockReference = {
      height: parent.height + 1,
      term,
      hash: sha256(parent.hash, uint64Bytes(term), uint64Bytes(this.#blocksMade)),
      parentHash: parent.hash,
      proposer,
      configurationHash: justification.configuration?.hash ?? this.configurationHashAt(parent),
      justification,
      byteLength,
    };
    this.blocks.set(toHex(block.hash), block);
    return block;
  }

  /** Blocks of one term by one leader on a tip; the first carries the term's certificate, given by `voters`. */
  branch(parent: Tip, term: number, leader: number, count: number, voters: readonly number[]): BlockReference[] {
    const blocks: BlockReference[] = [];
    for (let tip = parent; blocks.length < count; ) {
      const isFirst = blocks.length === 0 && term > parent.term;
      const justification = isFirst ? { term: this.termCertificate(term, leader, parent, voters) } : {};
      const block = this.block(tip, term, this.id(leader), justification);
      blocks.push(block);
      tip = tipOf(block);
    }
    return blocks;
  }

  request(term: number, candidate: number, tip: Tip): VoteRequestStatement {
    return { term, candidate: this.id(candidate), tip, configurationHash: this.configurationHashAt(tip) };
  }

  vote(voter: number, request: VoteRequestStatement): StatementSignature {
    const signature = this.signer(voter).sign(voteMessage(ledgerId, request));
    return { signer: this.id(voter), signature };
  }

  signRequest(request: VoteRequestStatement, signer: number): Uint8Array {
    return this.signer(signer).sign(voteRequestMessage(ledgerId, request));
  }

  termCertificate(term: number, candidate: number, tip: Tip, voters: readonly number[]): TermCertificate {
    const request = this.request(term, candidate, tip);
    return { request, votes: voters.map((voter) => this.vote(voter, request)) };
  }

  ack(signer: number, statement: AckStatement, ledger: Hash = ledgerId): SignedAck {
    return { statement, signature: this.signer(signer).sign(ackMessage(ledger, statement)) };
  }

  /** A certificate of the block, or of another statement about it. */
  blockCertificate(
    block: BlockReference,
    signers: readonly number[],
    ack: AckStatement = ackOf(block),
  ): BlockCertificate {
    const signatures = signers.map((signer) => {
      return { signer: this.id(signer), signature: this.ack(signer, ack).signature };
    });
    return { ack, signatures };
  }

  /** A disk that holds this chain, as a node that followed it would have written it. */
  disk(chain: readonly BlockReference[] = [], hardState?: HardState): Disk {
    const termCertificates = new Map<number, TermCertificate>();
    for (const { term, justification } of chain) {
      if (justification.term !== undefined) termCertificates.set(term, justification.term);
    }
    const term = chain.at(-1)?.term ?? 0;
    return {
      chain: [...chain],
      hardState: hardState ?? { term },
      committedHeight: 0,
      termCertificates,
      promises: new Map(),
      baseHeight: 1,
    };
  }
}
