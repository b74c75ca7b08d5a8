import { assert, concatBytes, equalBytes, present, type Random, uint64Bytes, utf8 } from '../src/base/index.ts';
import {
  type BlockReference,
  type Configuration,
  type Envelope,
  type PersistRequest,
  Raft,
  type TermCertificate,
} from '../src/consensus/index.ts';
import { encodeNodeId, type NodeId, type Signer, sha256, type VerifySignature } from '../src/crypto/index.ts';

const ledgerId = sha256(utf8('a ledger that is measured'));
const tickMs = 10;
const ticksMax = 1000;
const parameters = { heartbeatTicks: 2, electionTicks: 10, clockToleranceMs: 5000 };

/** Cores that reach one another at once and in order. Time passes by a tick a round. */
export class CoreTrio {
  readonly #nodes: ReadonlyMap<NodeId, CoreNode>;
  readonly #configuration: Configuration;
  readonly #blockBytes: number;
  readonly #wire: (Envelope & { readonly from: NodeId })[] = [];
  #nowMs = 1_700_000_000_000;

  constructor(signers: readonly Signer[], verify: VerifySignature, configuration: Configuration, blockBytes: number) {
    this.#configuration = configuration;
    this.#blockBytes = blockBytes;
    const post = (from: NodeId, { to, message }: Envelope): void => void this.#wire.push({ from, to, message });
    const nodes = signers.map((signer, index) => new CoreNode(signer, verify, configuration, index, post));
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
  }

  /** Lets time pass until one leads and may seal. */
  elect(): void {
    for (const node of this.#nodes.values()) node.drain();
    for (let ticks = 0; this.#leader()?.raft.proposalSlot(this.#nowMs) === undefined; ticks++) {
      assert(ticks < ticksMax, 'a leader is elected');
      this.#tick();
    }
    this.certify(1);
  }

  /** What the leader knows to be certified. */
  get committedHeight(): number {
    return this.#leader()?.committedHeight ?? 0;
  }

  /** Seals so many blocks before any of them is acknowledged, then delivers until all is said. */
  certify(count: number): void {
    const leader = present(this.#leader(), 'one leads');
    for (let index = 0; index < count; index++) {
      const slot = present(leader.raft.proposalSlot(this.#nowMs), 'the leader may seal');
      const height = slot.parent.height + 1;
      const isTaken = leader.raft.propose({
        height,
        term: slot.term,
        hash: sha256(concatBytes(slot.parent.hash, uint64Bytes(height))),
        parentHash: slot.parent.hash,
        proposer: leader.id,
        configurationHash: this.#configuration.hash,
        justification: slot.justification,
        byteLength: this.#blockBytes,
      });
      assert(isTaken, 'the block fits its slot');
      leader.drain();
    }
    this.#settle();
    this.#tick();
  }

  #leader(): CoreNode | undefined {
    for (const node of this.#nodes.values()) if (node.raft.leader === node.id) return node;
    return undefined;
  }

  #tick(): void {
    this.#nowMs += tickMs;
    for (const node of this.#nodes.values()) {
      node.raft.tick(this.#nowMs);
      node.drain();
    }
    this.#settle();
  }

  #settle(): void {
    for (let index = 0; index < this.#wire.length; index++) {
      const { from, to, message } = present(this.#wire[index], 'it was posted');
      const node = present(this.#nodes.get(to), 'the node exists');
      const complaint = node.raft.step(from, message, this.#nowMs);
      assert(complaint === undefined, `${message.type}: ${complaint}`);
      node.drain();
    }
    this.#wire.length = 0;
  }
}

/** One core whose writes are durable and whose blocks are executed in the moment that it asks for it. */
class CoreNode {
  readonly id: NodeId;
  readonly raft: Raft;
  readonly #post: (from: NodeId, envelope: Envelope) => void;
  readonly #chain: BlockReference[] = [];
  readonly #termCertificates = new Map<number, TermCertificate>();
  committedHeight = 0;

  constructor(
    signer: Signer,
    verify: VerifySignature,
    configuration: Configuration,
    seed: number,
    post: (from: NodeId, envelope: Envelope) => void,
  ) {
    this.id = encodeNodeId(signer.publicKey);
    this.#post = post;
    this.raft = new Raft({
      nodeId: this.id,
      ledgerId,
      signer,
      verify,
      random: countingRandom(seed),
      chain: {
        reference: (height) => this.#chain[height - 1],
        signedHeader: (height) => this.#chain[height - 1]?.hash,
        openRecovery: () => undefined,
        openHeader: (header) => this.#chain.findLast(({ hash }) => equalBytes(hash, header)),
        termCertificate: (term) => this.#termCertificates.get(term),
        configuration: (hash) => (equalBytes(hash, configuration.hash) ? configuration : undefined),
      },
      configuration,
      parameters,
      restored: {
        hardState: { term: 0 },
        tip: { term: 0, height: 0, hash: ledgerId },
        committedHeight: 0,
        peerPromises: [],
        changes: [],
        baseHeight: 1,
      },
    });
  }

  drain(): void {
    for (let ready = this.raft.ready(); ready !== undefined; ready = this.raft.ready()) {
      for (const { block } of ready.execute) this.raft.verdict(block.hash, { ok: true });
      for (const envelope of ready.messages) this.#post(this.id, envelope);
      for (const { block } of ready.committed) this.committedHeight = block.height;
      if (ready.persist !== undefined) this.#persist(ready.persist);
    }
  }

  #persist({ token, truncateAbove, append, termCertificate }: PersistRequest): void {
    if (truncateAbove !== undefined) this.#chain.length = Math.min(this.#chain.length, truncateAbove);
    for (const block of append) {
      assert(block.height === this.#chain.length + 1, 'the chain has no gaps');
      this.#chain.push(block);
    }
    if (termCertificate !== undefined) this.#termCertificates.set(termCertificate.request.term, termCertificate);
    this.raft.persisted(token);
  }
}

/** Different for each node, the same in every run: the one with the lowest seed leads. */
function countingRandom(seed: number): Random {
  let count = 0;
  return {
    below: (bound) => Math.min(seed * 4, bound - 1),
    bytes: (length) => sha256(concatBytes(uint64Bytes(seed), uint64Bytes(count++))).subarray(0, length),
  };
}
