import { type AssentError, compareBytes, present, silentLogger, toHex } from '../../../../src/base/index.ts';
import {
  ackMessage,
  ackOf,
  type BlockCertificate,
  type BlockReference,
  encodeJustification,
  type Justification,
  type Message,
  type StatementSignature,
  type TermCertificate,
  type Tip,
  voteMessage,
} from '../../../../src/consensus/index.ts';
import { createSigner, encodeNodeId, type NodeId, type Signer, verifySignature } from '../../../../src/crypto/index.ts';
import {
  createGenesis,
  type Genesis,
  genesisOperations,
  Ledger,
  transactionMessage,
  type VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { decodeMessage, encodeMessage, Replica, type ReplicaChannel } from '../../../../src/node/replica/index.ts';
import { periods } from '../../../../src/node/replica/periods.ts';
import { Journal, MemoryStore } from '../../../../src/storage/index.ts';
import { isDriverFrame } from '../../../support/driver-frames.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { simulatedRules } from '../../../support/simulated-rules.ts';
import { SimulatedDisk } from '../../../support/simulated-store.ts';
import { write } from '../../ledger/fixture.ts';
import { HandClock, referenceOf } from './fixture.ts';

/** The node under test is `self`; the two others, a majority, are played by the test, and need not keep any rule. */
export const self: Signer = createSigner(new Uint8Array(32).fill(11));
export const leader: Signer = createSigner(new Uint8Array(32).fill(12));
export const other: Signer = createSigner(new Uint8Array(32).fill(13));
export const leaderId: NodeId = encodeNodeId(leader.publicKey);
export const otherId: NodeId = encodeNodeId(other.publicKey);

export const genesis: Genesis = createGenesis({
  ledgerName: 'played',
  createdAt: 1_000_000,
  members: [{ name: 'clinic', governanceKey: new Uint8Array(32).fill(9) }],
  nodes: [self, leader, other].map(({ publicKey }) => ({ publicKey, member: 'clinic', role: 'voter' as const })),
  domains: [],
  parameters: [],
  ruleSet: simulatedRules.ruleSet,
});
export const start: Tip = { term: 0, height: 0, hash: genesis.ledgerId };

function signedByBoth(message: Uint8Array): StatementSignature[] {
  return [leader, other]
    .sort((left, right) => compareBytes(left.publicKey, right.publicKey))
    .map((signer) => ({ signer: encodeNodeId(signer.publicKey), signature: signer.sign(message) }));
}

/** Both played nodes vote for the leader. */
export function termCertificate(term: number, tip: Tip): TermCertificate {
  const request = { term, candidate: leaderId, tip, configurationHash: genesis.configuration.hash };
  return { request, votes: signedByBoth(voteMessage(genesis.ledgerId, request)) };
}

/** Both played nodes acknowledge the block. */
export function blockCertificate(block: BlockReference): BlockCertificate {
  const ack = ackOf(block);
  return { ack, signatures: signedByBoth(ackMessage(genesis.ledgerId, ack)) };
}

/** The played leader's own chain, and every block it ever sealed. */
export class PlayedChain {
  readonly #ledger: Ledger;
  readonly #bodies = new Map<string, Uint8Array>();

  private constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  static async create(): Promise<PlayedChain> {
    const store = new MemoryStore();
    await write(store, genesisOperations(store, genesis, simulatedRules));
    return new PlayedChain(new Ledger(store, genesis, simulatedRules));
  }

  seal(
    parent: Tip,
    term: number,
    timestamp: number,
    options: { readonly justification?: Justification; readonly transactions?: readonly VerifiedTransaction[] } = {},
  ): BlockReference {
    const justification = options.justification ?? {};
    const { draft, accept } = this.#ledger.seal(
      {
        parentHash: parent.hash,
        term,
        timestamp,
        enactsChange: false,
        justification: () => encodeJustification(justification),
      },
      leader.publicKey,
      options.transactions ?? [],
      () => undefined,
    );
    accept();
    const block = draft.sign(leader);
    this.#bodies.set(block.hashHex, block.bytes);
    return { ...referenceOf(block), justification };
  }

  encode(message: Message): Uint8Array {
    return encodeMessage(message, {
      bytes: (reference) => present(this.#bodies.get(toHex(reference.hash)), 'a sealed block'),
      receive: () => {
        throw new Error('nothing is received here');
      },
    });
  }
}

/** A production replica on a disk, a clock and a verification thread that the test works by hand. */
export class TestedNode {
  readonly clock: HandClock = new HandClock();
  readonly disk: SimulatedDisk = new SimulatedDisk();
  readonly sent: { readonly to: NodeId; readonly message: Message }[] = [];
  readonly faults: Error[] = [];
  readonly badFrames: AssentError[] = [];
  readonly replica: Replica;
  /** What the node is, beside its replica. */
  readonly ledger: Ledger;
  #questions: (() => void)[] = [];

  constructor(seed = 1) {
    const { store, markFile } = this.disk;
    const journal = Journal.open(store, markFile, { ledgerId: genesis.ledgerId, nodeKey: self.publicKey });
    journal.append(genesisOperations(store, genesis, simulatedRules), undefined, () => undefined);
    this.sync();
    this.ledger = new Ledger(store, genesis, simulatedRules);
    this.replica = new Replica({
      nodeKey: self,
      ledger: this.ledger,
      store,
      journal,
      verify: verifySignature,
      verifyTransactions: (transactions, keys, done) => {
        const valid = transactions.map(({ body, signature }, index) =>
          verifySignature(keys[index] as Uint8Array, transactionMessage(genesis.ledgerId, body), signature),
        );
        this.#questions.push(() => done(valid));
      },
      clock: this.clock,
      random: new SeededRandom(seed),
      logger: silentLogger,
      send: (to, channel, frame) => {
        if (channel !== 'forwarding' && !isDriverFrame(frame)) this.sent.push({ to, message: this.#read(frame) });
        return true;
      },
      onFault: (error) => this.faults.push(error),
      onBadFrame: (_from, error) => this.badFrames.push(error),
    });
    this.sync();
  }

  /** Everything that is on its way to the disk arrives there. */
  sync(): void {
    while (this.disk.completeNext());
  }

  /** Until nothing waits for the disk, commits that ride with the next batch included. */
  rest(): void {
    this.sync();
    this.ticks(2 * periods.flush);
    this.sync();
  }

  /** The verification thread answers everything it was asked. */
  answerSignatures(): void {
    while (this.#questions.length > 0) this.#questions.shift()?.();
  }

  ticks(count: number): void {
    for (let tick = 0; tick < count; tick++) this.replica.tick();
  }

  /** A majority says that it holds nothing against the node's key: from now on it votes. */
  passTripwire(chain: PlayedChain): void {
    for (const { message } of this.sent) {
      if (message.type !== 'nonce-request') continue;
      for (const from of [leaderId, otherId]) this.hear(chain, { type: 'nonce-reply', nonce: message.nonce }, from);
    }
  }

  hear(chain: PlayedChain, message: Message, from: NodeId = leaderId): void {
    this.replica.receive(from, message.type === 'append' ? 'replication' : 'heartbeat', chain.encode(message));
  }

  hearFrame(channel: ReplicaChannel, frame: Uint8Array): void {
    this.replica.receive(leaderId, channel, frame);
  }

  /** Why the node refuses the leader, as its last reply says. */
  get refusal(): string | undefined {
    return this.replica.status().refusal;
  }

  /** Blocks are seen from outside by their hash alone. */
  #read(frame: Uint8Array): Message {
    return decodeMessage(frame, { bytes: () => new Uint8Array(), receive: () => someBlock });
  }
}

const someBlock: BlockReference = {
  height: 1,
  term: 1,
  hash: new Uint8Array(32),
  parentHash: new Uint8Array(32),
  proposer: leaderId,
  configurationHash: new Uint8Array(32),
  justification: {},
  byteLength: 0,
};
