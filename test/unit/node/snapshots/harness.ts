import { type AssentError, present, silentLogger, type Timer } from '../../../../src/base/index.ts';
import { createSigner, encodeNodeId, type NodeId, type Signer, verifySignature } from '../../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  createGenesis,
  encodeSignedTransaction,
  encodeTransactionBody,
  type Genesis,
  genesisOperations,
  Ledger,
  transactionMessage,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { HistoryKeeper, NodeArchive, type Retention } from '../../../../src/node/archive/index.ts';
import { type Outcome, Replica, type ReplicaChannel } from '../../../../src/node/replica/index.ts';
import { Snapshots } from '../../../../src/node/snapshots/index.ts';
import { type ArchiveStore, Journal } from '../../../../src/storage/index.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { simulatedRules } from '../../../support/simulated-rules.ts';
import { SimulatedDisk } from '../../../support/simulated-store.ts';
import { HandClock } from '../replica/fixture.ts';

export type LinkChannel = ReplicaChannel | 'bulk';
type Frame = {
  readonly from: TestNode;
  readonly to: TestNode;
  readonly channel: LinkChannel;
  readonly bytes: Uint8Array;
};

const signerOf = (seed: number): Signer => createSigner(new Uint8Array(32).fill(seed));
/** The last of the nodes is a learner from the start. */
export const signers: readonly Signer[] = [21, 22, 23, 24].map(signerOf);
const client = signerOf(30);

export const genesis: Genesis = createGenesis({
  ledgerName: 'snapshots',
  createdAt: 1_000_000,
  members: [{ name: 'clinic', governanceKey: client.publicKey }],
  nodes: signers.map(({ publicKey }, index) => ({
    publicKey,
    member: 'clinic',
    role: index === signers.length - 1 ? ('learner' as const) : ('voter' as const),
  })),
  domains: [],
  parameters: [],
  ruleSet: simulatedRules.ruleSet,
});

let salts = 0;

export function transaction(kind: string, payload: CanonicalValue, validUntil = 1_500_000): VerifiedTransaction {
  salts += 1;
  const salt = new Uint8Array(16);
  new DataView(salt.buffer).setUint32(0, salts);
  const body = encodeTransactionBody({ kind, sender: client.publicKey, salt, validUntil, payload });
  const signature = client.sign(transactionMessage(genesis.ledgerId, body));
  const opened = new UnverifiedTransaction(encodeSignedTransaction(body, signature));
  return VerifiedTransaction.verify(opened, genesis.ledgerId, opened.sender, verifySignature);
}

export function put(key: number, bytes = 8): VerifiedTransaction {
  return transaction('sim.put', [1, `k${key}`, new Uint8Array(bytes).fill(1 + (key & 0x7f))]);
}

/** A node on a simulated disk: production code but for the clock and the links. */
export class TestNode {
  readonly signer: Signer;
  readonly nodeId: NodeId;
  disk: SimulatedDisk = new SimulatedDisk();
  readonly faults: Error[] = [];
  readonly blamed: { readonly from: NodeId; readonly error: AssentError }[] = [];
  replica!: Replica;
  ledger!: Ledger;
  snapshots!: Snapshots;
  /** Where it keeps its archive, if it does; outlives the process. */
  archiveStore: ArchiveStore | undefined;
  retention: Retention | undefined;
  keeper: HistoryKeeper | undefined;
  isUp = false;

  constructor(signer: Signer) {
    this.signer = signer;
    this.nodeId = encodeNodeId(signer.publicKey);
  }
}

/** Moves on with the cluster's steps; timers fire between them. */
export class StepClock extends HandClock {
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  override after(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.now + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  fire(): void {
    const due = this.#timers.filter(({ atMs }) => atMs <= this.now);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.now);
    for (const { callback } of due) callback();
  }
}

/** Nodes whose frames, disks and ticks move on together, one step after the other. */
export class TestCluster {
  readonly clock: StepClock = new StepClock();
  readonly nodes: readonly TestNode[] = signers.map((signer) => new TestNode(signer));
  readonly lagBlocks: number;
  #frames: Frame[] = [];
  #seed = 1;
  /** Sees every frame, and may replace it or, with undefined, lose it. */
  onFrame: (frame: Frame) => Uint8Array | undefined = ({ bytes }) => bytes;
  /** After so many more batches of this node are durable its process ends. */
  crashAfter: { readonly node: TestNode; batches: number } | undefined;
  /** Disks of these nodes stand still. */
  readonly stuckDisks: Set<TestNode> = new Set<TestNode>();

  constructor(lagBlocks = 8) {
    this.lagBlocks = lagBlocks;
  }

  get voters(): readonly TestNode[] {
    return this.nodes.slice(0, 3);
  }

  get learner(): TestNode {
    return present(this.nodes[3], 'four nodes');
  }

  get leader(): TestNode | undefined {
    return this.nodes.find(({ isUp, replica }) => isUp && replica.status().role === 'leader');
  }

  async start(node: TestNode): Promise<void> {
    const { store, markFile } = node.disk;
    const journal = Journal.open(store, markFile, { ledgerId: genesis.ledgerId, nodeKey: node.signer.publicKey });
    journal.redo(() => undefined);
    this.#sync(node);
    if (journal.lastNumber === 0)
      journal.append(genesisOperations(store, genesis, simulatedRules), undefined, () => undefined);
    this.#sync(node);
    const ledger = new Ledger(store, genesis, simulatedRules);
    const onFault = (error: Error): void => {
      node.faults.push(error);
    };
    const blame = (from: NodeId, error: AssentError): void => {
      node.blamed.push({ from, error });
    };
    const send = (to: NodeId, channel: LinkChannel, bytes: Uint8Array): boolean => {
      const target = this.nodes.find(({ nodeId }) => nodeId === to);
      if (target?.isUp && node.isUp) this.#frames.push({ from: node, to: target, channel, bytes });
      return true;
    };
    const parameters = { heartbeatTicks: 2, electionTicks: 10 };
    const random = new SeededRandom(this.#seed++);
    const { nodeId } = node;
    node.ledger = ledger;
    node.replica = new Replica({
      nodeKey: node.signer,
      ledger,
      store,
      journal,
      verify: verifySignature,
      verifyTransactions: (transactions, keys, done) =>
        done(
          transactions.map(({ body, signature }, index) =>
            verifySignature(keys[index] as Uint8Array, transactionMessage(genesis.ledgerId, body), signature),
          ),
        ),
      clock: this.clock,
      random,
      logger: silentLogger,
      send,
      onFault,
      onBadFrame: blame,
      parameters,
    });
    const { replica } = node;
    node.snapshots = new Snapshots({
      ledger,
      store,
      journal,
      replica,
      historyFromGenesis: () => replica.history.after(0),
      verify: verifySignature,
      logger: silentLogger,
      nowMs: () => this.clock.nowMs(),
      peers: () => this.nodes.filter((other) => other.isUp && other.nodeId !== nodeId).map((other) => other.nodeId),
      send: (to, bytes) => send(to, 'bulk', bytes),
      blame,
      onFault,
      electionTicks: parameters.electionTicks,
      snapshotLagBlocks: this.lagBlocks,
    });
    await node.snapshots.open();
    if (node.archiveStore !== undefined) {
      const archive = await NodeArchive.open(node.archiveStore, genesis.ledgerId, store);
      const { clock } = this;
      const { retention } = node;
      node.keeper = new HistoryKeeper({
        archive,
        ledger,
        database: store,
        journal,
        replica,
        retention,
        clock,
        logger: silentLogger,
        // What a process that has ended still does, nobody sees.
        onFault: (error) => {
          if (node.isUp && node.disk.store === store) onFault(error);
        },
      });
      node.keeper.start();
    }
    node.isUp = true;
  }

  /** The process ends in the middle of whatever it did. */
  crash(node: TestNode, random: SeededRandom = new SeededRandom(7)): void {
    node.isUp = false;
    node.replica.stop();
    this.#frames = this.#frames.filter(({ from, to }) => from !== node && to !== node);
    void node.snapshots.stop();
    void node.keeper?.stop();
    node.disk.crash(random);
  }

  /** One tick of every node, with all that is on its way before and after it. */
  async step(): Promise<void> {
    this.clock.now += 25;
    this.clock.fire();
    for (const node of this.nodes) {
      if (!node.isUp) continue;
      node.replica.tick();
      node.snapshots.tick();
    }
    for (let round = 0; round < 4; round++) {
      for (const node of this.nodes) if (node.isUp && !this.stuckDisks.has(node)) this.#sync(node);
      const frames = this.#frames;
      this.#frames = [];
      for (const frame of frames) this.#deliver(frame);
      await nextTurn();
    }
  }

  async until(condition: () => boolean, what: string, stepsMax = 3000): Promise<void> {
    for (let step = 0; !condition(); step++) {
      if (step === stepsMax) throw new Error(`it never came to this: ${what}`);
      await this.step();
    }
  }

  /** Has these committed by the voters, a block at least for each. */
  async commit(transactions: readonly VerifiedTransaction[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const item of transactions) {
      await this.until(() => this.leader !== undefined, 'a leader');
      const before = outcomes.length;
      present(this.leader, 'a leader').replica.submit([item], () => (outcome) => outcomes.push(outcome));
      await this.until(() => outcomes.length > before, 'an outcome');
    }
    return outcomes;
  }

  #deliver(frame: Frame): void {
    const { from, to, channel } = frame;
    if (!to.isUp) return;
    const bytes = this.onFrame(frame);
    if (bytes === undefined) return;
    if (channel === 'bulk') to.snapshots.receive(from.nodeId, bytes);
    else {
      to.replica.receive(from.nodeId, channel, bytes);
      to.snapshots.heard();
    }
  }

  #sync(node: TestNode): void {
    while (node.disk.completeNext()) {
      const { crashAfter } = this;
      if (crashAfter?.node !== node) continue;
      crashAfter.batches -= 1;
      if (crashAfter.batches > 0) continue;
      this.crashAfter = undefined;
      this.crash(node);
      return;
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
