import { fromHex, type Logger, present, silentLogger, toHex, utf8 } from '../../src/base/index.ts';
import { buildTransaction, type Identity, identityOf, signAccessRequest } from '../../src/client/index.ts';
import {
  type AckStatement,
  ackMessage,
  type BlockCertificate,
  encodeBlockCertificate,
  encodeJustification,
  type TermCertificate,
  voteMessage,
} from '../../src/consensus/index.ts';
import { builtInContracts, domainPolicyFromJson, ruleSet } from '../../src/contracts/index.ts';
import { createSigner, encodeNodeId, sha256, type VerifySignature, verifySignature } from '../../src/crypto/index.ts';
import {
  createGenesis,
  encodeRecovery,
  encodeRecoveryStatement,
  type Genesis,
  genesisOperations,
  Ledger,
  type NodeConfiguration,
  type OpenedBlock,
  putBlock,
  type RecoveryContent,
  type RecoveryStatement,
  recoveryMessage,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../src/ledger/index.ts';
import type { BlockSource } from '../../src/node/audit/index.ts';
import { systemClock } from '../../src/node/clock.ts';
import { CosignatureStore } from '../../src/node/cosignatures/store.ts';
import { Checkpoints } from '../../src/node/front/receipts/checkpoints.ts';
import { LogRanges } from '../../src/node/front/receipts/log-ranges.ts';
import { Receipts } from '../../src/node/front/receipts/receipts.ts';
import type { Ask, Asked } from '../../src/node/queries/query.ts';
import { buildHistoryStep } from '../../src/node/replica/history-step.ts';
import { certificateKey } from '../../src/node/replica/index.ts';
import { createExecutor } from '../../src/node/rules.ts';
import { ChainAnswers } from '../../src/node/service/chain-answers.ts';
import { CommitWaiters } from '../../src/node/service/commit-waiters.ts';
import { CosignatureAnswers } from '../../src/node/service/cosignature-answers.ts';
import { PastProving } from '../../src/node/service/past-proving.ts';
import { ReceiptAnswers } from '../../src/node/service/receipt-answers.ts';
import { MemoryStore, type Operation } from '../../src/storage/index.ts';
import { consensusForm } from '../../src/verify/configuration-form.ts';
import { encodeHistory, type HistoryStep } from '../../src/verify/index.ts';

const startMs = 1_800_000_000_000;
const minuteMs = 60_000;

/** Somebody with a key: the same name always has the same. */
export function who(name: string): Identity {
  return identityOf(sha256(utf8(`receipts ${name}`)), createSigner);
}

function hex(label: string, length = 32): string {
  return toHex(sha256(utf8(label)).subarray(0, length));
}

type Asking = readonly [sender: string, kind: string, payload: object];

const policy = { implicit: 'deny', timeZone: 'UTC', roles: [{ role: 'clinician', purposes: ['TREAT'] }] } as const;

/** What a block is besides its transactions. */
interface BlockPlan {
  /** Whether it enacts the change of the nodes that waits. */
  readonly enactsChange?: boolean;
  /** Whether its certificate is kept; else it is proved by a later block's. */
  readonly isCertified?: boolean;
}

interface ReceiptLedgerOptions {
  /** What its nodes take for signed when rules ask. */
  readonly verify?: VerifySignature;
  /** Whether the first block cites how its leader was elected, too: a receipt does not ask, who verifies a ledger does. */
  readonly isWhole?: boolean;
}

/**
 * A ledger with the built-in contracts and nodes of which every key is known, that makes the same blocks, certificates and
 * receipts whenever it is run: no randomness, no clock.
 */
export class ReceiptLedger {
  readonly store: MemoryStore;
  readonly genesis: Genesis;
  readonly ledger: Ledger;
  readonly receipts: Receipts;
  readonly ask: Ask;
  /** What witnesses sent: of the member, and of those named `patients` and `auditor`. */
  cosignatures: CosignatureAnswers | undefined;
  #events = 0;
  #salts = 0;
  #term = 1;
  #certificate: BlockCertificate | undefined;
  readonly #isWhole: boolean;
  #configuration: NodeConfiguration;
  readonly #changeHeights: number[] = [];

  private constructor(genesis: Genesis, store: MemoryStore, { verify, isWhole = false }: ReceiptLedgerOptions) {
    this.genesis = genesis;
    this.store = store;
    this.#isWhole = isWhole;
    this.#configuration = genesis.configuration;
    this.ledger = new Ledger(store, genesis, createExecutor(verify));
    this.ask = this.#ask();
    this.receipts = new Receipts({
      ask: this.ask,
      ledgerId: genesis.ledgerId,
      clock: systemClock,
      ranges: new LogRanges(),
    });
  }

  static async begin(name = 'receipts', options: ReceiptLedgerOptions = {}): Promise<ReceiptLedger> {
    const genesis = createGenesis({
      ledgerName: name,
      createdAt: startMs - 1,
      members: [{ name: 'north', governanceKey: who('north').publicKey }],
      nodes: [1, 2, 3].map((number) => ({ publicKey: nodeOf(number).publicKey, member: 'north', role: 'voter' })),
      domains: [{ name: 'north-records', custodian: 'north', policy: domainPolicyFromJson(policy) }],
      parameters: [],
      ruleSet,
    });
    const store = new MemoryStore();
    await writeTo(store, genesisOperations(store, genesis, createExecutor()));
    const ledger = new ReceiptLedger(genesis, store, options);
    await ledger.block([
      ['north', 'credential.issue', { agent: who('gateway').did, role: 'gateway' }],
      ['north', 'credential.issue', { agent: who('kay').did, role: 'clinician' }],
    ]);
    await ledger.block([
      [
        'gateway',
        'enrolment.link',
        { domain: 'north-records', subject: who('ana').did, chart: hex('ana'), keyHolder: 'subject' },
      ],
    ]);
    return ledger;
  }

  get checkpoints(): Checkpoints {
    return new Checkpoints({ ask: this.ask, ledgerId: this.genesis.ledgerId, receipts: this.receipts });
  }

  /** Begins to keep cosignatures, or again with what the store has, as a node that starts. */
  async keepCosignatures(logger: Logger = silentLogger): Promise<void> {
    const { store, genesis, ledger } = this;
    const journal = {
      append: (operations: readonly Operation[], _: unknown, done: (error?: Error) => void) =>
        store.write(operations, done),
    };
    const { ledgerId } = genesis;
    const kept = await CosignatureStore.open({ store, journal, ledgerId, verify: verifySignature, logger });
    const named = [who('patients').publicKey, who('auditor').publicKey];
    this.cosignatures = new CosignatureAnswers(kept, ledger, named);
  }

  get height(): number {
    return this.ledger.applied.height;
  }

  /** Commits these in one block, a minute after the one before. Answers with the ids. */
  async block(
    askings: readonly Asking[],
    { enactsChange = false, isCertified = true }: BlockPlan = {},
    recovery?: { readonly content: RecoveryContent; readonly signed: Uint8Array },
  ): Promise<string[]> {
    const { ledger } = this;
    const { hash: parentHash, timestamp: before } = ledger.applied;
    const timestamp = before + minuteMs;
    const transactions = askings.map((asking) => this.#transaction(asking, timestamp));
    const cited = this.#certificate;
    const input = {
      parentHash,
      term: this.#term,
      timestamp,
      enactsChange,
      ...(recovery !== undefined && { recovery: recovery.content }),
      justification: (configuration: NodeConfiguration | undefined) =>
        encodeJustification({
          ...(this.#isWhole && this.height === 0 && { term: this.#termCertificate() }),
          ...(cited !== undefined && recovery === undefined && { block: cited }),
          ...(recovery !== undefined && { recovery: recovery.signed }),
          ...(configuration !== undefined && { configuration: consensusForm(configuration) }),
        }),
    };
    const proposer = this.#voters[0] as Identity;
    const { draft, accept } = ledger.seal(input, proposer.publicKey, transactions, (_, reason) => {
      throw new Error(reason);
    });
    accept();
    const block = draft.sign(proposer.signer);
    if (draft.configuration !== undefined) {
      this.#configuration = draft.configuration;
      this.#changeHeights.push(block.header.height);
    }
    this.#certificate = this.#certified(block);
    const { operations } = ledger.commit(block.hash);
    const { height } = block.header;
    await this.write([
      putBlock(height, block.bytes),
      ...operations,
      ...(isCertified
        ? [
            {
              type: 'put' as const,
              key: certificateKey(height),
              value: encodeBlockCertificate(present(this.#certificate, 'it was made')),
            },
          ]
        : []),
    ]);
    ledger.settle(block.hash);
    return transactions.map(({ idHex }) => idHex);
  }

  /** Proposes a change of the nodes, which the only member passes alone, and enacts it in the next block. */
  async change(action: 'node-add' | 'node-promote' | 'node-remove', node: number, plan: BlockPlan = {}): Promise<void> {
    const member = action === 'node-add' ? { member: 'north' } : {};
    const payload = { action, nodeKey: encodeNodeId(nodeOf(node).publicKey), ...member };
    await this.block([['north', 'governance.propose', payload]], plan);
    await this.block([], { ...plan, enactsChange: true });
  }

  /** The members abandon the nodes of before: a new generation goes on from the newest block. */
  async recover(nodes: readonly number[]): Promise<void> {
    const { height, term, hash } = this.ledger.applied;
    const content: RecoveryContent = {
      generation: this.#configuration.generation + 1,
      nodes: nodes.map((number) => ({ publicKey: nodeOf(number).publicKey, member: 'north', role: 'voter' })),
    };
    const createdAt = this.ledger.applied.timestamp;
    const statement: RecoveryStatement = {
      ledgerId: this.genesis.ledgerId,
      base: { height, term, hash },
      content,
      createdAt,
    };
    const { publicKey, signer } = who('north');
    const signatures = [{ governanceKey: publicKey, signature: signer.sign(recoveryMessage(statement)) }];
    const statementBytes = encodeRecoveryStatement(statement);
    this.#term += 1;
    await this.block([], {}, { content, signed: encodeRecovery({ statement, statementBytes, signatures }) });
  }

  /** With the agent's signature, or with another. */
  access({ isForged = false }: { readonly isForged?: boolean } = {}): Asking {
    this.#events += 1;
    const signed = signAccessRequest(this.genesis.ledgerId, who('kay'), {
      eventId: hex(`event ${this.#events}`, 16),
      role: 'clinician',
      organisation: 'north',
      subject: who('ana').did,
      domain: 'north-records',
      resource: hex(`resource ${this.#events}`),
      purpose: 'TREAT',
      action: 'access',
      validUntil: this.ledger.applied.timestamp + 2 * minuteMs,
    });
    const requestSignature = isForged ? `00${signed.requestSignature.slice(2)}` : signed.requestSignature;
    return ['gateway', 'access.record', { ...signed, requestSignature, results: [], inEmergencyCategory: false }];
  }

  write(operations: readonly Operation[]): Promise<void> {
    return writeTo(this.store, operations);
  }

  /** The certificates of these heights are gone, as on a node that learnt of a later one only. */
  forgetCertificates(from: number, to: number): Promise<void> {
    const heights = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return this.write(heights.map((height) => ({ type: 'delete', key: certificateKey(height) })));
  }

  /** All of it, for whoever verifies a ledger. */
  get source(): BlockSource {
    const { height } = this;
    const bytesAt = (at: number): Uint8Array => present(this.ledger.block(at), 'a block of this height').bytes;
    return {
      name: 'memory',
      firstHeight: 1,
      height,
      certificate: present(this.#certificate, 'a block was certified'),
      async *blocks(from, to) {
        for (let at = from; at <= Math.min(to, height); at++) yield { bytes: bytesAt(at), isSigned: true };
      },
      close: () => Promise.resolve(),
    };
  }

  header(height: number): Uint8Array {
    return present(this.ledger.block(height), 'a block of this height').headerBytes;
  }

  get #voters(): Identity[] {
    const voters = this.#configuration.nodes.filter(({ role }) => role === 'voter');
    return voters.map(({ publicKey }) => present(nodes.get(toHex(publicKey)), 'a node of this ledger'));
  }

  #certified({ header, hash }: OpenedBlock): BlockCertificate {
    const { term, height, configurationHash } = header;
    const ack: AckStatement = { term, height, blockHash: hash, configurationHash };
    return { ack, signatures: this.#majority(ackMessage(this.genesis.ledgerId, ack)) };
  }

  /** Of the first leader, who proposes the first block. */
  #termCertificate(): TermCertificate {
    const { ledgerId, configuration } = this.genesis;
    const [leader] = this.#voters as [Identity];
    const request = {
      term: 1,
      candidate: encodeNodeId(leader.publicKey),
      tip: { term: 0, height: 0, hash: ledgerId },
      configurationHash: configuration.hash,
    };
    return { request, votes: this.#majority(voteMessage(ledgerId, request)) };
  }

  #majority(message: Uint8Array): BlockCertificate['signatures'] {
    const voters = this.#voters;
    return voters
      .slice(0, Math.floor(voters.length / 2) + 1)
      .sort((left, right) => Buffer.compare(left.publicKey, right.publicKey))
      .map(({ publicKey, signer }) => ({ signer: encodeNodeId(publicKey), signature: signer.sign(message) }));
  }

  #transaction([sender, kind, payload]: Asking, timestamp: number): VerifiedTransaction {
    this.#salts += 1;
    const { ledgerId } = this.genesis;
    const { bytes } = buildTransaction({
      ledgerId,
      kind,
      payload: builtInContracts.payloadFromJson(kind, payload),
      validUntil: timestamp + minuteMs,
      signer: who(sender).signer,
      salt: present(fromHex(hex(`salt ${this.#salts}`, 16)), 'hexadecimal'),
    });
    const transaction = new UnverifiedTransaction(bytes);
    return VerifiedTransaction.verify(transaction, ledgerId, transaction.sender, verifySignature);
  }

  #ask(): Ask {
    const { ledger, store, genesis } = this;
    const waiters = new CommitWaiters(systemClock, (id) => ledger.receipt(id));
    const chain = new ChainAnswers({ ledger, store, waiters, archive: undefined, sentenceOf: (code) => code });
    const made = new ReceiptAnswers(ledger, store, new PastProving(store, systemClock));
    const asked: Partial<Asked> = {
      place: (input) => chain.place(input),
      block: (input) => chain.block(input),
      headers: (input) => chain.headers(input),
      stream: (input) => chain.stream(input),
      certified: (input) => made.certified(input),
      stateProof: (input) => made.stateProof(input),
      historyPath: (input) => made.historyPath(input),
      historyConsistency: (input) => made.historyConsistency(input),
      resultBytes: (input) => made.resultBytes(input),
      genesis: () => ({ ledgerId: toHex(genesis.ledgerId), genesis: toHex(genesis.bytes) }),
      history: () => ({ bytes: this.#history() }),
      bounds: () => ({ pastFrom: ledger.pastFrom, height: ledger.applied.height }),
      cosignatures: () => this.cosignatures?.cosignatures() ?? [],
      cosign: (input) => present(this.cosignatures, 'cosignatures are kept').cosign(input),
    };
    // Kind and input were paired by `Ask`.
    return (async (kind: keyof typeof asked, input: never) => present(asked[kind], kind)(input)) as unknown as Ask;
  }

  #history(): Uint8Array {
    const { ledgerId, configuration } = this.genesis;
    const steps: HistoryStep[] = [];
    for (const height of this.#changeHeights) {
      const step = buildHistoryStep(this.store, height);
      if (step !== undefined) steps.push(step);
    }
    return encodeHistory({ ledgerId, knownHeight: 0, knownHash: configuration.hash, steps });
  }
}

const nodes: ReadonlyMap<string, Identity> = new Map(
  Array.from({ length: 9 }, (_, index) => nodeOf(index + 1)).map((node) => [toHex(node.publicKey), node]),
);

function nodeOf(number: number): Identity {
  return who(`node ${number}`);
}

function writeTo(store: MemoryStore, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}
