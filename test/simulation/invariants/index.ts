import { equalBytes, present } from '../../../src/base/index.ts';
import {
  type AckStatement,
  ackMessage,
  type BlockReference,
  decodeBlockCertificate,
  type Message,
  type VoteRequestStatement,
  voteMessage,
} from '../../../src/consensus/index.ts';
import { decodeNodeId } from '../../../src/crypto/index.ts';
import type { Receipt } from '../../../src/ledger/index.ts';
import { consensusConfiguration } from '../../../src/node/replica/configuration.ts';
import { decodeMessage } from '../../../src/node/replica/index.ts';
import { decodeHardState, hardStateKey, highestCertificateKey } from '../../../src/node/replica/records.ts';
import { keyPrefixes, type Operation } from '../../../src/storage/index.ts';
import { decodeEvidence, verifyEvidence } from '../../../src/verify/index.ts';
import { isDriverFrame } from '../../support/driver-frames.ts';
import type { ClusterObserver, ClusterPacket, Machine, SimulatedCluster } from '../../support/simulated-cluster.ts';
import { simulationEpochMs } from '../../support/simulated-time.ts';
import { BlockTree } from './block-tree.ts';
import { Certificates } from './certificates.ts';
import { CommittedHistory } from './committed-history.ts';
import { ConfigurationModel } from './configuration-model.ts';
import { DurableHistory } from './durable-history.ts';
import { MembershipView } from './membership-view.ts';
import { type AppliedRecord, BlockRecords, readAppliedRecord } from './records.ts';
import { stateRootOf, valuesOf } from './state-audit.ts';
import { SignedStatements } from './statements.ts';
import { holds, keyOf, short } from './violation.ts';

/** What is known of one node from outside. */
interface Watched {
  readonly machine: Machine;
  readonly durable: DurableHistory;
  appliedHeight: number;
  /** Where its state lies. */
  space: 0 | 1;
  /** Its disk lost what it had reported as written: what it held is no longer what it holds. */
  isDamaged: boolean;
  /** Its disk holds something else than what it wrote. */
  mayRefuseDisk: boolean;
  /** The batch that switches to a snapshot is durable, and the process goes on with it when its mark is, too. */
  isSwitching: boolean;
  /** Of the present process. */
  term: number;
  committedHeight: number;
}

/**
 * The invariants of every step of every run. They look at a node from outside only: at what it sends, what becomes
 * durable on its disk, what its status says and what its clients are told; and they look at what changed, no more.
 */
export class Invariants implements ClusterObserver {
  readonly #cluster: SimulatedCluster;
  readonly #tree: BlockTree;
  readonly #certificates: Certificates;
  readonly #statements = new SignedStatements();
  readonly #committed: CommittedHistory;
  readonly #blocks = new BlockRecords();
  /** Blocks of leaders whose parents are not known yet, by these. */
  readonly #early = new Map<string, BlockReference>();
  readonly #evidenceSeen = new Set<string>();
  readonly #watched: readonly Watched[];
  readonly #byNodeId: ReadonlyMap<string, Watched>;
  readonly membership: MembershipView;
  /** Keys that a scenario misuses: evidence may name them, and nothing is asked of them. */
  readonly misusedKeys: Set<string> = new Set();
  /** How often a node went on from a snapshot. */
  snapshotsInstalled = 0;

  constructor(cluster: SimulatedCluster) {
    const { ledgerId, configuration } = cluster.genesis;
    const { verify } = cluster.signatures;
    this.#cluster = cluster;
    this.#tree = new BlockTree(ledgerId, consensusConfiguration(configuration));
    const roles = configuration.nodes.map(({ publicKey, role }) => [keyOf(publicKey), role] as const);
    this.#committed = new CommittedHistory(new ConfigurationModel(new Map(roles)));
    this.#watched = cluster.machines.map((machine) => this.#watch(machine));
    this.#byNodeId = new Map(this.#watched.map((watched) => [watched.machine.nodeId, watched]));
    const isSignedBy = (signer: string, message: Uint8Array, signature: Uint8Array): boolean => {
      const key = decodeNodeId(signer);
      return key !== undefined && verify(key, message, signature);
    };
    this.#certificates = new Certificates({
      tree: this.#tree,
      checks: {
        isAck: (signer, statement, signature) => isSignedBy(signer, ackMessage(ledgerId, statement), signature),
        isVote: (signer, request, signature) => isSignedBy(signer, voteMessage(ledgerId, request), signature),
        onAck: (signer, statement) => this.#ack(signer, statement),
        onVote: (signer, request) => this.#vote(signer, request),
      },
      isDurableOn: (nodeId, height, hash) => {
        const watched = this.#byNodeId.get(nodeId);
        if (watched === undefined || this.#isExempt(watched)) return true;
        return height < watched.durable.baseHeight || watched.durable.hashAt(height) === hash;
      },
    });
    this.membership = new MembershipView(this.#tree, this.#certificates, this.#watched);
    cluster.observers.push(this);
  }

  get committedHeight(): number {
    return this.#committed.height;
  }

  get committedTransactions(): number {
    return this.#committed.transactionCount;
  }

  get elections(): number {
    return this.#certificates.electedTerms;
  }

  onStart(machine: Machine): void {
    const watched = this.#of(machine);
    watched.isSwitching = false;
    watched.term = 0;
    watched.committedHeight = 0;
  }

  onRefusedStart(machine: Machine): void {
    holds(
      this.#of(machine).mayRefuseDisk || this.#isExempt(this.#of(machine)),
      'a node starts from a disk that lost nothing',
      () => `${machine.index} refuses its disk`,
    );
  }

  onDamaged(machine: Machine, extent: 'batches' | 'record'): void {
    const watched = this.#of(machine);
    watched.mayRefuseDisk = true;
    if (extent === 'batches') watched.isDamaged = true;
  }

  onSend(packet: ClusterPacket): void {
    if (packet.channel === 'forwarding' || packet.channel === 'bulk' || isDriverFrame(packet.frame)) return;
    const sender = this.#cluster.machineAt(packet.from);
    if (this.misusedKeys.has(sender.nodeId)) return;
    const message = decodeMessage(packet.frame, {
      bytes: () => new Uint8Array(),
      receive: (bytes) => {
        const { reference } = this.#blocks.read(bytes);
        if (reference.proposer === sender.nodeId) this.#proposed(reference);
        else this.#block(reference);
        return reference;
      },
    });
    const watched = this.#of(sender);
    if (!this.#isExempt(watched)) watched.durable.tells(message);
    this.#message(sender.nodeId, message);
  }

  onActed(machine: Machine): void {
    const watched = this.#of(machine);
    const status = machine.process?.status();
    if (status === undefined || this.misusedKeys.has(machine.nodeId)) return;
    if (status.role === 'leader') this.#certificates.leader(status.term, machine.nodeId);
    const durableTerm = watched.durable.hardState?.term ?? 0;
    watched.isSwitching &&= status.term < durableTerm;
    // A batch whose mark a crash kept from the disk binds nobody, and may be lost unnoticed.
    const promised = watched.isSwitching || this.#isExempt(watched) ? 0 : durableTerm;
    holds(
      status.term >= watched.term && status.term >= promised,
      'terms are monotone',
      () => `${machine.index} is in term ${status.term}, was in ${watched.term}`,
    );
    holds(
      status.committedHeight >= watched.committedHeight,
      'commit heights are monotone',
      () => `${machine.index} is at ${status.committedHeight}, was at ${watched.committedHeight}`,
    );
    holds(
      status.committedHeight <= status.certifiedHeight,
      'commit height at most the highest certificate',
      () => `${machine.index}: committed ${status.committedHeight}, certified ${status.certifiedHeight}`,
    );
    holds(
      status.contradiction === undefined || this.#isExempt(watched),
      'a node that kept its disk is not contradicted',
      () => `${machine.index}: ${status.contradiction}`,
    );
    holds(
      status.removedAtHeight === undefined || this.#certificates.isRetired(machine.nodeId),
      'only a certified block removes a node',
      () => `${machine.index} takes itself for removed at ${status.removedAtHeight}`,
    );
    watched.term = status.term;
    watched.committedHeight = status.committedHeight;
  }

  onBadFrame(machine: Machine, from: string, error: Error): void {
    holds(
      this.misusedKeys.has(from) || this.#isStranger(machine, from),
      'honest nodes understand one another',
      () => `${machine.index} refuses a frame of ${this.#cluster.indexOf(from)}: ${error.message}`,
    );
  }

  /** A client was told that its transaction is committed. */
  told(receipt: Receipt): void {
    const { height, result } = receipt;
    const told = { transactionId: keyOf(receipt.id), height, ok: result.ok };
    this.#committed.told(told);
  }

  toldExpired(transactionId: string): void {
    this.#committed.toldExpired(transactionId);
  }

  isCommitted(transactionId: string): boolean {
    return this.#committed.has(transactionId);
  }

  /** Whether all of these have applied everything that is committed anywhere. */
  haveConverged(nodes: readonly number[]): boolean {
    if (!this.#committed.isToldApplied) return false;
    return nodes.every((node) => this.#watched[node]?.appliedHeight === this.#committed.height);
  }

  appliedHeight(node: number): number {
    return this.#watched[node]?.appliedHeight ?? 0;
  }

  durable(node: number): DurableHistory {
    return present(this.#watched[node], 'every machine is watched').durable;
  }

  /** What nodes proved against keys, as `kind: culprit`. */
  get evidence(): ReadonlySet<string> {
    return this.#evidenceSeen;
  }

  /** The leader among these, or the first of them that is up. */
  leaderAmong(nodes: readonly number[]): number {
    const leader = nodes.find((node) => this.#cluster.machineAt(node).process?.status()?.role === 'leader');
    const up = nodes.find((node) => this.#cluster.machineAt(node).isUp);
    return leader ?? up ?? present(nodes[0], 'some node is asked for');
  }

  /** At the end of a run: every disk holds a prefix of the certified chain, and the state that its last root states. */
  final(): void {
    for (const watched of this.#watched) {
      if (this.#isExempt(watched)) continue;
      for (let { baseHeight: height } = watched.durable; height <= watched.appliedHeight; height++)
        holds(
          watched.durable.hashAt(height) === this.#certificates.hashAt(height),
          'log matching',
          () => `${watched.machine.index} holds another block at ${height} than the certified one`,
        );
      const root = watched.appliedHeight === 0 ? undefined : stateRootOf(watched.machine.disk, watched.space);
      holds(
        root === undefined || root === this.#committed.stateRootAt(watched.appliedHeight),
        'the state on the disk is the one of the state root',
        () => `${watched.machine.index} at ${watched.appliedHeight}: the disk hashes to ${short(root ?? '')}`,
      );
      if (watched.appliedHeight < this.#committed.height) continue;
      const held = valuesOf(watched.machine.disk, watched.space);
      holds(
        held.join() === this.#committed.values().join(),
        'results are those of the rules',
        () => `${watched.machine.index} holds ${held.join()}, by the rules ${this.#committed.values().join()}`,
      );
    }
  }

  describe(nodes: readonly number[]): string {
    const described = nodes.map((node) => {
      const status = this.#cluster.machineAt(node).process?.status();
      return `${node}: ${status === undefined ? 'down' : JSON.stringify(status, describeValue)}`;
    });
    return `committed ${this.#committed.height}; ${described.join('; ')}`;
  }

  /** It may hear of the sender for the first time. */
  #isStranger(machine: Machine, nodeId: string): boolean {
    const status = machine.process?.status();
    if (status?.configuration.nodes.some(({ id }) => id === nodeId)) return false;
    return this.membership.isStranger(machine.index, nodeId, status?.certifiedHeight ?? 0);
  }

  #watch(machine: Machine): Watched {
    const durable = new DurableHistory({
      nodeId: String(machine.index),
      tree: this.#tree,
      reader: {
        block: (bytes) => this.#blocks.read(bytes).reference,
        hardState: (key, value) => (equalBytes(key, hardStateKey) ? decodeHardState(value) : undefined),
      },
      isCertified: (height, hash) => this.#certificates.hashAt(height) === hash,
      onBlock: (reference) => this.#block(reference),
      onAck: (ack) => this.#certificates.acked(machine.nodeId, ack),
    });
    const watched: Watched = {
      machine,
      durable,
      appliedHeight: 0,
      space: 0,
      isDamaged: false,
      mayRefuseDisk: false,
      isSwitching: false,
      term: 0,
      committedHeight: 0,
    };
    machine.disk.onDurable = (operations) => this.#durable(watched, operations);
    return watched;
  }

  #of(machine: Machine): Watched {
    return present(this.#watched[machine.index], 'every machine is watched');
  }

  /** Nothing is asked of a disk that lost durable data, nor of a key that a scenario misuses. */
  #isExempt(watched: Watched): boolean {
    return watched.isDamaged || this.misusedKeys.has(watched.machine.nodeId);
  }

  #block(reference: BlockReference): void {
    const { block, term } = reference.justification;
    if (this.#tree.get(keyOf(reference.hash)) !== undefined) return;
    if (block !== undefined) this.#certificates.block(block);
    if (term !== undefined) this.#certificates.term(term);
    const added = this.#tree.add(reference);
    if (added === undefined) return;
    this.#certificates.newBlock(added);
    const next = this.#early.get(added.hash);
    if (next !== undefined) this.#block(next);
  }

  /**
   * A leader may send a block whose parent is on its way to its own disk, and is of no use to whom it sends it. It is looked
   * at when the parent shows.
   */
  #proposed(reference: BlockReference): void {
    const parent = keyOf(reference.parentHash);
    if (this.#tree.get(parent) === undefined) this.#early.set(parent, reference);
    else this.#block(reference);
  }

  #message(senderId: string, message: Message): void {
    switch (message.type) {
      case 'vote-request':
        if (message.tipTermCertificate !== undefined) this.#certificates.term(message.tipTermCertificate);
        this.#voteRequest(senderId, message.statement);
        return;
      case 'vote-reply':
        if (message.signature !== undefined) this.#vote(senderId, message.statement);
        return;
      case 'append':
      case 'heartbeat':
        if (message.termCertificate !== undefined) this.#certificates.term(message.termCertificate);
        if (message.certificate !== undefined) this.#certificates.block(message.certificate);
        this.#certificates.leader(message.term, senderId);
        return;
      case 'append-reply':
        for (const { statement } of message.acks) this.#ack(senderId, statement);
        return;
      case 'heartbeat-reply':
        if (message.ack !== undefined) this.#ack(senderId, message.ack.statement);
        return;
      case 'branch-reply':
        if (message.certificate !== undefined) this.#certificates.block(message.certificate);
        return;
      default:
    }
  }

  #ack(signer: string, statement: AckStatement): void {
    if (this.misusedKeys.has(signer) || !this.#statements.ack(signer, statement)) return;
    const watched = this.#byNodeId.get(signer);
    if (watched !== undefined && !this.#isExempt(watched)) watched.durable.acks(statement);
  }

  #vote(signer: string, statement: VoteRequestStatement): void {
    if (this.misusedKeys.has(signer) || !this.#statements.vote(signer, statement)) return;
    this.#isRecorded(signer, statement, 'vote');
  }

  #voteRequest(signer: string, statement: VoteRequestStatement): void {
    if (this.misusedKeys.has(signer) || !this.#statements.voteRequest(signer, statement)) return;
    this.#isRecorded(signer, statement, 'voteRequest');
  }

  #isRecorded(signer: string, statement: VoteRequestStatement, kind: 'vote' | 'voteRequest'): void {
    const watched = this.#byNodeId.get(signer);
    if (watched !== undefined && !this.#isExempt(watched)) watched.durable.promises(statement, kind);
  }

  #durable(watched: Watched, operations: readonly Operation[]): void {
    if (this.misusedKeys.has(watched.machine.nodeId)) return;
    const applied = appliedBy(operations);
    if (!watched.isDamaged) watched.durable.batch(operations, applied.at(-1)?.originHeight);
    for (const operation of operations) {
      if (operation.type !== 'put') continue;
      if (equalBytes(operation.key, highestCertificateKey))
        this.#certificates.block(decodeBlockCertificate(operation.value));
    }
    for (const operation of operations) {
      if (operation.type !== 'put') continue;
      if (operation.key[0] === keyPrefixes.evidence) this.#evidence(watched.machine, operation.value);
    }
    for (const record of applied) this.#applied(watched, record);
  }

  #evidence(machine: Machine, value: Uint8Array): void {
    const { kind, culprit, deed } = verifyEvidence(decodeEvidence(value), this.#cluster.signatures.verify);
    this.#evidenceSeen.add(`${kind}: ${this.#cluster.indexOf(culprit)}`);
    holds(
      this.misusedKeys.has(culprit),
      'evidence never names an honest node',
      () => `${machine.index} proves that ${this.#cluster.indexOf(culprit)} ${deed}`,
    );
  }

  #applied(watched: Watched, applied: AppliedRecord): void {
    const isSnapshot = applied.originHeight === applied.height && applied.height > watched.appliedHeight;
    if (isSnapshot) {
      this.snapshotsInstalled += 1;
      watched.isSwitching = true;
    }
    holds(
      watched.isDamaged ||
        isSnapshot ||
        applied.height === watched.appliedHeight + 1 ||
        (applied.height === 0 && watched.appliedHeight === 0),
      'commit heights are monotone',
      () => `${watched.machine.index} applied ${applied.height} after ${watched.appliedHeight}`,
    );
    watched.appliedHeight = applied.height;
    watched.space = applied.space;
    if (applied.height === 0) return;
    const block = this.#blocks.get(applied.hash);
    holds(block !== undefined, 'log matching', () => `applied block ${short(applied.hash)} was never stored`);
    this.#committed.applied(
      String(watched.machine.index),
      { ...applied, transactions: block.transactions, timestamp: block.timestamp, changedTo: block.changedTo },
      this.#certificates.hashAt(applied.height),
      simulationEpochMs + this.#cluster.queue.nowMs,
    );
  }
}

/** The blocks that a batch applies, one after the other. */
function appliedBy(operations: readonly Operation[]): AppliedRecord[] {
  return operations.flatMap((operation) => {
    if (operation.type !== 'put' || operation.key[0] !== keyPrefixes.meta) return [];
    return readAppliedRecord(operation.key, operation.value) ?? [];
  });
}

function describeValue(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? short(keyOf(value)) : value;
}
