import { equalBytes, present, type Random, toHex } from '../../../src/base/index.ts';
import {
  type BlockReference,
  type ChainReader,
  type CommittedBlock,
  type Configuration,
  type ConfigurationStep,
  type Envelope,
  type Evidence,
  type ExecuteRequest,
  type Hash,
  type Message,
  type PersistRequest,
  Raft,
  type RaftLimits,
  type RaftParameters,
  type ReadResult,
  type Ready,
  tipOf,
  type Verdict,
} from '../../../src/consensus/index.ts';
import { encodeNodeId, type NodeId, type Signer, type VerifySignature } from '../../../src/crypto/portable.ts';
import { type Disk, Forge, fastVerify, genesisTip, ledgerId } from './forge.ts';

export const parameters: RaftParameters = { heartbeatTicks: 2, electionTicks: 10, clockToleranceMs: 5000 };

/** Numbers from a seed (mulberry32), so that every run of a test is the same. */
export function seededRandom(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (bound) => next() % bound,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}

/** One core with its disk; writes and verdicts happen at once unless they are held. */
export class TestNode {
  readonly id: NodeId;
  readonly signer: Signer;
  readonly cluster: TestCluster;
  disk: Disk;
  raft: Raft;
  isRunning = true;
  /** Writes wait for `sync()`. */
  holdsWrites = false;
  /** Executions wait for `answer()`. */
  holdsVerdicts = false;
  clockOffsetMs = 0;
  /** The nodes that its operator named, from the next start on. */
  seeds: readonly NodeId[] = [];
  judge: (request: ExecuteRequest) => Verdict = () => ({ ok: true });
  writes: PersistRequest[] = [];
  executions: ExecuteRequest[] = [];
  readonly executed: ExecuteRequest[] = [];
  readonly committed: CommittedBlock[] = [];
  readonly abandoned: Hash[] = [];
  readonly reads: ReadResult[] = [];
  readonly evidence: Evidence[] = [];
  readonly complaints: string[] = [];

  constructor(cluster: TestCluster, signer: Signer, disk: Disk) {
    this.cluster = cluster;
    this.signer = signer;
    this.id = encodeNodeId(signer.publicKey);
    this.disk = disk;
    this.raft = this.#start();
  }

  get nowMs(): number {
    return this.cluster.nowMs + this.clockOffsetMs;
  }

  get status(): ReturnType<Raft['status']> {
    return this.raft.status();
  }

  /** Loses everything that is not on the disk, and starts again. */
  restart(): void {
    this.crash();
    this.raft = this.#start();
    this.isRunning = true;
    this.drain();
  }

  /** Goes on from what is certified at another node, as from a snapshot: only its block itself comes with it. */
  install(source: TestNode): void {
    const { chain, committedHeight, certificate, termCertificates } = source.disk;
    const base = present(chain[committedHeight - 1], 'the source has a certified block');
    this.disk.chain = chain.slice(0, committedHeight);
    this.disk.baseHeight = committedHeight;
    this.disk.committedHeight = committedHeight;
    this.disk.certificate = present(certificate, 'it has the certificate');
    const termCertificate = present(termCertificates.get(base.term), 'and that of the term');
    this.disk.termCertificates = new Map([[base.term, termCertificate]]);
    const { hardState } = this.disk;
    if (hardState.term < base.term)
      this.disk.hardState = { term: base.term, ...(hardState.ack && { ack: hardState.ack }) };
    this.restart();
  }

  crash(): void {
    this.isRunning = false;
    this.writes = [];
    this.executions = [];
  }

  /** Seals a block in the present slot. Undefined when there is none. */
  seal(byteLength = 100): BlockReference | undefined {
    return this.#seal(byteLength, undefined);
  }

  /** Seals a block that takes one step of the configuration. Undefined when there is no slot that may change it. */
  change(step: ConfigurationStep['step'], index: number): BlockReference | undefined {
    return this.#seal(100, this.cluster.forge.stepFrom(this.raft.configuration, step, index));
  }

  #seal(byteLength: number, configuration: Configuration | undefined): BlockReference | undefined {
    const slot = this.raft.proposalSlot(this.nowMs);
    if (slot === undefined || (configuration !== undefined && !slot.mayChange)) return undefined;
    const { recovery } = slot.justification;
    const after = recovery === undefined ? configuration : this.#reader().openRecovery(recovery)?.configuration;
    const justification = { ...slot.justification, ...(after && { configuration: after }) };
    const block = this.cluster.forge.block(slot.parent, slot.term, this.id, justification, byteLength);
    const accepted = this.raft.propose(block);
    this.drain();
    return accepted ? block : undefined;
  }

  /** Completes the held writes, or the first few of them. */
  sync(count: number = this.writes.length): void {
    for (const write of this.writes.splice(0, count)) {
      this.#write(write);
      this.raft.persisted(write.token);
    }
    this.drain();
  }

  /** Answers the held executions. */
  answer(count: number = this.executions.length): void {
    for (const request of this.executions.splice(0, count)) this.raft.verdict(request.block.hash, this.judge(request));
    this.drain();
  }

  step(from: NodeId, message: Message): string | undefined {
    const complaint = this.raft.step(from, message, this.nowMs);
    if (complaint !== undefined) this.complaints.push(`${message.type}: ${complaint}`);
    this.drain();
    return complaint;
  }

  tick(): void {
    this.raft.tick(this.nowMs);
    this.drain();
  }

  /** Does what the core wants done. */
  drain(): void {
    for (let ready = this.raft.ready(); ready !== undefined; ready = this.raft.ready()) {
      this.cluster.observe(this, ready);
      this.executions.push(...ready.execute);
      this.executed.push(...ready.execute);
      if (ready.persist !== undefined) this.writes.push(ready.persist);
      for (const envelope of ready.messages) this.cluster.post(this.id, envelope);
      for (const committed of ready.committed) {
        this.committed.push(committed);
        this.disk.committedHeight = committed.block.height;
        this.disk.certificate = committed.certificate;
      }
      this.abandoned.push(...ready.abandoned);
      this.reads.push(...ready.reads);
      this.evidence.push(...ready.evidence);
      if (!this.holdsVerdicts) {
        for (const request of this.executions.splice(0)) this.raft.verdict(request.block.hash, this.judge(request));
      }
      if (!this.holdsWrites) {
        for (const write of this.writes.splice(0)) {
          this.#write(write);
          this.raft.persisted(write.token);
        }
      }
    }
  }

  #write(request: PersistRequest): void {
    const { disk } = this;
    if (request.hardState !== undefined) disk.hardState = request.hardState;
    if (request.truncateAbove !== undefined) disk.chain = disk.chain.slice(0, request.truncateAbove);
    for (const block of request.append) {
      if (block.height !== disk.chain.length + 1) throw new Error('the disk has no gaps');
      disk.chain.push(block);
      const { term } = block.justification;
      if (term !== undefined) disk.termCertificates.set(block.term, term);
    }
    if (request.termCertificate !== undefined) {
      disk.termCertificates.set(request.termCertificate.request.term, request.termCertificate);
    }
    for (const promise of request.peerPromises) disk.promises.set(promise.nodeId, promise);
  }

  #start(): Raft {
    const { disk, cluster } = this;
    const last = disk.chain.at(-1);
    const termCertificate = disk.termCertificates.get(disk.hardState.term);
    return new Raft({
      nodeId: this.id,
      ledgerId,
      signer: this.signer,
      verify: cluster.verify,
      random: cluster.randomFor(this.signer.publicKey),
      chain: this.#reader(),
      configuration: cluster.forge.configuration,
      parameters: cluster.parameters,
      limits: cluster.limits,
      seeds: this.seeds,
      ...(disk.recovery && { recovery: disk.recovery }),
      restored: {
        hardState: disk.hardState,
        tip: last === undefined ? genesisTip : tipOf(last),
        committedHeight: disk.committedHeight,
        ...(disk.certificate && { certificate: disk.certificate }),
        ...(termCertificate && { termCertificate }),
        peerPromises: [...disk.promises.values()],
        changes: disk.chain
          .filter(({ justification }) => justification.configuration !== undefined)
          .map(({ height, configurationHash }) => ({ height, configurationHash })),
        baseHeight: disk.baseHeight,
      },
    });
  }

  #kept(height: number): BlockReference | undefined {
    return height < this.disk.baseHeight ? undefined : this.disk.chain[height - 1];
  }

  #reader(): ChainReader {
    return {
      reference: (height) => this.#kept(height),
      signedHeader: (height) => this.#kept(height)?.hash,
      openRecovery: (bytes) => this.cluster.forge.recoveries.get(toHex(bytes)),
      openHeader: (header) => this.cluster.forge.blocks.get(toHex(header)),
      termCertificate: (term) => this.disk.termCertificates.get(term),
      configuration: (hash) =>
        this.disk.chain
          .map(({ justification }) => justification.configuration)
          .find((configuration) => configuration !== undefined && equalBytes(configuration.hash, hash)),
    };
  }
}

/** Cores on a network that delivers at once and in order, except where a test says otherwise. */
export class TestCluster {
  readonly nodes: readonly TestNode[];
  readonly parameters: RaftParameters;
  readonly limits: Partial<RaftLimits>;
  readonly verify: VerifySignature;
  readonly forge: Forge;
  nowMs: number = 1_700_000_000_000;
  /** Messages on their way. */
  wire: (Envelope & { readonly from: NodeId })[] = [];
  /** Whether a message gets through. */
  passes: (from: TestNode, to: TestNode, message: Message) => boolean = () => true;
  /** Sees everything that a core wants done, before it is done. */
  observe: (node: TestNode, ready: Ready) => void = () => undefined;
  #seed: number;

  constructor(
    size: number,
    options: {
      readonly seed?: number;
      readonly learners?: number;
      /** Nodes beyond the first configuration. */
      readonly outsiders?: number;
      readonly limits?: Partial<RaftLimits>;
      readonly verify?: VerifySignature;
      /** With disks made before: what made them. */
      readonly forge?: Forge;
      readonly disks?: readonly Disk[];
    } = {},
  ) {
    this.#seed = options.seed ?? 1;
    this.limits = options.limits ?? {};
    this.parameters = parameters;
    this.verify = options.verify ?? fastVerify;
    this.forge = options.forge ?? new Forge(size, options.learners, options.outsiders);
    const { forge } = this;
    this.nodes = forge.signers.map((signer, index) => {
      return new TestNode(this, signer, options.disks?.[index] ?? forge.disk());
    });
    for (const node of this.nodes) node.drain();
  }

  randomFor(publicKey: Uint8Array): Random {
    this.#seed += 1;
    return seededRandom(this.#seed * 1000 + (publicKey[0] as number));
  }

  node(index: number): TestNode {
    return present(this.nodes[index], 'the node exists');
  }

  byId(id: NodeId): TestNode {
    return present(
      this.nodes.find((node) => node.id === id),
      'the node exists',
    );
  }

  /** The running leader of the highest term, if there is one. */
  get leader(): TestNode | undefined {
    const leaders = this.nodes.filter((node) => node.isRunning && node.status.role === 'leader');
    return leaders.sort((left, right) => right.status.term - left.status.term)[0];
  }

  post(from: NodeId, envelope: Envelope): void {
    this.wire.push({ from, ...envelope });
  }

  /** Delivers until nothing is on its way. */
  settle(): void {
    for (let budget = 100_000; this.wire.length > 0; budget--) {
      if (budget === 0) throw new Error('the messages never end');
      this.deliver(present(this.wire.shift(), 'a message waits'));
    }
  }

  deliver({ from, to, message }: Envelope & { readonly from: NodeId }): void {
    const [source, target] = [this.byId(from), this.byId(to)];
    if (target.isRunning && source.isRunning && this.passes(source, target, message)) target.step(from, message);
  }

  /** One tick everywhere, and everything that follows from it. */
  tick(count = 1): void {
    for (let tick = 0; tick < count; tick++) {
      this.nowMs += 10;
      for (const node of this.nodes) if (node.isRunning) node.tick();
      this.settle();
    }
  }

  /** Ticks until the condition holds. */
  until(what: string, condition: () => boolean, ticksMax = 500): void {
    for (let tick = 0; !condition(); tick++) {
      if (tick === ticksMax) throw new Error(`not within ${ticksMax} ticks: ${what}`);
      this.tick();
    }
  }

  /** Lets time pass until this node leads: the others neither lead nor campaign meanwhile. */
  elect(index: number): TestNode {
    const node = this.node(index);
    const { passes } = this;
    const offices: readonly Message['type'][] = ['heartbeat', 'append', 'pre-vote-request', 'vote-request'];
    this.settle();
    this.passes = (from, to, message) =>
      passes(from, to, message) && (from === node || !offices.includes(message.type));
    this.until(`node ${index} leads`, () => node.status.role === 'leader');
    this.passes = passes;
    return node;
  }

  /** Cuts these nodes off from the others. */
  partition(...groups: readonly (readonly number[])[]): void {
    const groupOf = (node: TestNode): number => groups.findIndex((group) => group.includes(this.nodes.indexOf(node)));
    this.passes = (from, to) => groupOf(from) === groupOf(to);
  }

  heal(): void {
    this.passes = () => true;
  }
}
