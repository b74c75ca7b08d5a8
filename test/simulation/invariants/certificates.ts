import type {
  AckStatement,
  BlockCertificate,
  TermCertificate,
  VoteRequestStatement,
} from '../../../src/consensus/index.ts';
import { type BlockTree, describe, type KnownBlock } from './block-tree.ts';
import { type InForce, majorityOf } from './in-force.ts';
import { holds, keyOf, short } from './violation.ts';

/** What else is known of the statements that certificates are made of. */
export interface StatementChecks {
  isAck(signer: string, statement: AckStatement, signature: Uint8Array): boolean;
  isVote(signer: string, request: VoteRequestStatement, signature: Uint8Array): boolean;
  onAck(signer: string, statement: AckStatement): void;
  onVote(signer: string, request: VoteRequestStatement): void;
}

/** Whether a node's disk holds this block at this height. */
export type IsDurableOn = (nodeId: string, height: number, hash: string) => boolean;

/**
 * The one chain that is certified, and every certificate that any node ever emitted. A block is certified as soon as a
 * majority of the configuration that it names has durably recorded its ack: from then on nothing may contradict it, whether
 * or not a certificate is known.
 */
export class Certificates {
  readonly #tree: BlockTree;
  readonly #checks: StatementChecks;
  readonly #isDurableOn: IsDurableOn;
  /** Hash by height, from 1: the ancestors of the highest certificate. */
  readonly #chain: (string | undefined)[] = [undefined];
  readonly #seen = new Set<string>();
  readonly #leaders = new Map<number, string>();
  /** The highest height that each node durably acked, by term. */
  readonly #acked = new Map<number, Map<string, number>>();
  /** The highest height of each term that durable acks certify. */
  readonly #certifiedByAcks = new Map<number, number>();
  /** The certificates that leaders of later terms must have, highest last. */
  readonly #certified: KnownBlock[] = [];

  constructor(options: {
    readonly tree: BlockTree;
    readonly checks: StatementChecks;
    readonly isDurableOn: IsDurableOn;
  }) {
    this.#tree = options.tree;
    this.#checks = options.checks;
    this.#isDurableOn = options.isDurableOn;
  }

  get height(): number {
    return this.#chain.length - 1;
  }

  /** Hash of the certified block at this height. */
  hashAt(height: number): string | undefined {
    return this.#chain[height];
  }

  /** The newest block that is certified; genesis before the first. */
  get newest(): KnownBlock {
    return this.#tree.get(this.#chain[this.height] ?? '') ?? this.#tree.start;
  }

  /** Whether a certified block removed the node for good. */
  isRetired(nodeId: string): boolean {
    return this.newest.inForce.retired.has(nodeId);
  }

  /** A node's ack became durable, while it had promised no later term. */
  acked(nodeId: string, { term, height }: AckStatement): void {
    let heights = this.#acked.get(term);
    if (heights === undefined) {
      heights = new Map();
      this.#acked.set(term, heights);
    }
    heights.set(nodeId, Math.max(height, heights.get(nodeId) ?? 0));
    // Each block counts under the configuration that it names; a certified one certifies those below it.
    for (let below = height; below > (this.#certifiedByAcks.get(term) ?? 0); below--) {
      const block = this.#tree.at(term, below);
      if (block === undefined) return;
      if (!isAckedByMajority(block, heights)) continue;
      this.#certifiedByAcks.set(term, below);
      this.#extend(block);
    }
  }

  block(certificate: BlockCertificate): void {
    const { ack } = certificate;
    const hash = keyOf(ack.blockHash);
    const identity = `${hash}:${certificate.signatures.map(({ signer }) => signer).join()}`;
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    const block = this.#tree.get(hash);
    holds(block !== undefined, 'every certificate verifies', () => `certificate of unknown block ${short(hash)}`);
    holds(
      block.term === ack.term && block.height === ack.height,
      'every certificate verifies',
      () => `certificate (${ack.term}, ${ack.height}) of block ${describe(block)}`,
    );
    const signers = certificate.signatures.map(({ signer }) => signer);
    const what = (): string => `certificate of ${describe(block)}`;
    this.#isMajority(signers, block.inForce, ack.configurationHash, what);
    for (const { signer, signature } of certificate.signatures) {
      holds(
        this.#checks.isAck(signer, ack, signature),
        'every certificate verifies',
        () => `bad signature of ${signer} on ${describe(block)}`,
      );
      holds(
        this.#isDurableOn(signer, block.height, hash),
        'certified blocks are durable on a majority',
        () => `${signer} signed ${describe(block)} and does not hold it`,
      );
      this.#checks.onAck(signer, ack);
    }
    this.#extend(block);
  }

  term(certificate: TermCertificate): void {
    const { request } = certificate;
    const identity = `term:${request.term}:${request.candidate}:${certificate.votes.map(({ signer }) => signer).join()}`;
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    const tip = this.#tree.get(keyOf(request.tip.hash));
    const what = (): string => `term certificate ${request.term}`;
    holds(tip !== undefined, 'every certificate verifies', () => `${what()} of an unknown tip`);
    const signers = certificate.votes.map(({ signer }) => signer);
    this.#isMajority(signers, tip.inForce, request.configurationHash, what);
    holds(
      tip.inForce.voters.has(request.candidate),
      'every certificate verifies',
      () => `${what()} is of ${request.candidate}, no voter`,
    );
    for (const { signer, signature } of certificate.votes) {
      holds(
        this.#checks.isVote(signer, request, signature),
        'every certificate verifies',
        () => `bad vote of ${signer} in ${request.term}`,
      );
      this.#checks.onVote(signer, request);
    }
    this.leader(request.term, request.candidate);
  }

  leader(term: number, nodeId: string): void {
    const other = this.#leaders.get(term);
    holds(
      other === undefined || other === nodeId,
      'at most one leader per term',
      () => `${other} and ${nodeId} lead ${term}`,
    );
    this.#leaders.set(term, nodeId);
  }

  /** A block was seen for the first time: it must stand on everything certified in earlier terms. */
  newBlock(block: KnownBlock): void {
    for (let index = this.#certified.length - 1; index >= 0; index--) {
      const certified = this.#certified[index] as KnownBlock;
      if (certified.term >= block.term) continue;
      this.#isComplete(block, certified);
      return;
    }
  }

  get electedTerms(): number {
    return this.#leaders.size;
  }

  #extend(block: KnownBlock): void {
    const known = this.#chain[block.height];
    if (known !== undefined) {
      this.#isSame(known, block);
      return;
    }
    const branch: KnownBlock[] = [];
    let current: KnownBlock = block;
    while (current.height > this.height) {
      branch.push(current);
      const parent = this.#tree.get(current.parent);
      holds(parent !== undefined, 'every certificate verifies', () => `no parent of ${describe(current)}`);
      current = parent;
    }
    if (current.height > 0) this.#isSame(this.#chain[current.height] as string, current);
    for (const next of branch.reverse()) this.#chain.push(next.hash);
    this.#certified.push(block);
    for (const first of this.#tree.firstBlocksAbove(block.term)) this.#isComplete(first, block);
  }

  #isSame(known: string, block: KnownBlock): void {
    holds(
      known === block.hash,
      'at most one certified hash per height',
      () => `${short(known)} and ${describe(block)} are both certified`,
    );
  }

  #isComplete(block: KnownBlock, certified: KnownBlock): void {
    holds(
      this.#tree.descends(block, certified),
      'leader completeness',
      () => `${describe(block)} does not stand on the certified ${describe(certified)}`,
    );
  }

  /** Of the configuration that it names, which is the one in force where it counts. */
  #isMajority(signers: readonly string[], inForce: InForce, configurationHash: Uint8Array, what: () => string): void {
    const { voters } = inForce;
    holds(
      keyOf(configurationHash) === inForce.hash,
      'certificates name the configuration in force',
      () => `${what()} names ${short(keyOf(configurationHash))}, in force is ${short(inForce.hash)}`,
    );
    const counted = new Set(signers);
    holds(
      counted.size === signers.length && signers.every((signer) => voters.has(signer)),
      'every certificate verifies',
      () => `${what()}: signers ${signers.join()}`,
    );
    holds(
      counted.size >= majorityOf(inForce),
      'every certificate verifies',
      () => `${what()}: ${counted.size} of ${voters.size}`,
    );
  }
}

/** Whether durable acks at or above the block, of nodes that vote under what it names, are a majority. */
function isAckedByMajority({ height, inForce }: KnownBlock, heights: ReadonlyMap<string, number>): boolean {
  let count = 0;
  for (const [nodeId, acked] of heights) if (acked >= height && inForce.voters.has(nodeId)) count += 1;
  return count >= majorityOf(inForce);
}
