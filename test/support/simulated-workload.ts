import { uint64Bytes } from '../../src/base/index.ts';
import type { Signer } from '../../src/crypto/index.ts';
import {
  type CanonicalValue,
  encodeSignedTransaction,
  encodeTransactionBody,
  type Receipt,
  transactionMessage,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../src/ledger/index.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { SeededRandom } from './simulated-random.ts';
import { simulationEpochMs } from './simulated-time.ts';

/** Signs a transaction as a wallet does. */
export function signTransaction(options: {
  readonly ledgerId: Uint8Array;
  readonly signer: Signer;
  readonly kind: string;
  readonly payload: CanonicalValue;
  readonly salt: Uint8Array;
  readonly validUntil: number;
}): UnverifiedTransaction {
  const { signer, kind, salt, validUntil, payload } = options;
  const body = encodeTransactionBody({ kind, sender: signer.publicKey, salt, validUntil, payload });
  const signature = signer.sign(transactionMessage(options.ledgerId, body));
  return new UnverifiedTransaction(encodeSignedTransaction(body, signature));
}

export interface WorkloadOptions {
  readonly clientCount: number;
  readonly meanIntervalMs: number;
  readonly keyCount: number;
}

export interface TransactionDraft {
  readonly kind: string;
  readonly payload: CanonicalValue;
}

/** Takes what the clients are told. */
export interface ToldClients {
  told(receipt: Receipt): void;
  toldExpired(transactionId: string): void;
}

export interface WorkloadCounters {
  submitted: number;
  committed: number;
  refusedByRule: number;
  /** Nothing happened, or nobody knows: the client may try again. */
  unanswered: number;
}

/** What clients remember of what they sent, oldest forgotten first. */
const rememberedMax = 256;

/**
 * Clients that sign transactions and send them to any node that is up, several times now and then: the same bytes to
 * another node after a failure, and after they were long committed.
 */
export class Workload {
  readonly counters: WorkloadCounters = { submitted: 0, committed: 0, refusedByRule: 0, unanswered: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #random: SeededRandom;
  readonly #options: WorkloadOptions;
  readonly #signers: readonly Signer[];
  readonly #told: ToldClients;
  #sent: VerifiedTransaction[] = [];
  #number = 0;
  #stopped = false;

  constructor(cluster: SimulatedCluster, random: SeededRandom, options: WorkloadOptions, told: ToldClients) {
    this.#cluster = cluster;
    this.#random = random;
    this.#options = options;
    this.#told = told;
    this.#signers = Array.from({ length: options.clientCount }, () =>
      cluster.signatures.createSigner(random.bytes(32)),
    );
    this.#scheduleNext();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Sends one new transaction to this node. */
  submitNew(node: number): VerifiedTransaction {
    const transaction = this.create();
    this.#submit(node, [transaction]);
    return transaction;
  }

  /** Sends a transaction of this content to this node. */
  submitContent(node: number, content: TransactionDraft): void {
    this.#submit(node, [this.create(content)]);
  }

  #scheduleNext(): void {
    this.#cluster.queue.schedule(this.#random.exponential(this.#options.meanIntervalMs), 'client', () => {
      if (this.#stopped) return;
      this.#act();
      this.#scheduleNext();
    });
  }

  #act(): void {
    const up = this.#cluster.machines.filter(({ isUp }) => isUp);
    if (up.length === 0) return;
    const node = this.#random.pick(up).index;
    if (this.#sent.length > 0 && this.#random.chance(0.15)) {
      this.#submit(node, [this.#random.pick(this.#sent)]);
      return;
    }
    const count = this.#random.chance(0.2) ? this.#random.between(2, 6) : 1;
    this.#submit(
      node,
      Array.from({ length: count }, () => this.create()),
    );
  }

  #submit(node: number, transactions: readonly VerifiedTransaction[]): void {
    this.counters.submitted += transactions.length;
    this.#cluster.submit(node, transactions, (index, outcome) => {
      const transaction = transactions[index];
      if (outcome.status === 'committed') {
        if (outcome.receipt.result.ok) this.counters.committed += 1;
        else this.counters.refusedByRule += 1;
        this.#told.told(outcome.receipt);
        return;
      }
      this.counters.unanswered += 1;
      if (outcome.error.code === 'window-expired' && transaction !== undefined)
        this.#told.toldExpired(transaction.idHex);
    });
  }

  /** Signs a new transaction. */
  create(content: TransactionDraft = this.#content(), validUntil?: number): VerifiedTransaction {
    const signer = this.#random.pick(this.#signers);
    const validForMs = this.#random.chance(0.2) ? this.#random.between(1, 500) : this.#random.between(1_000, 500_000);
    this.#number += 1;
    const unverified = signTransaction({
      ledgerId: this.#cluster.genesis.ledgerId,
      signer,
      ...content,
      salt: this.#random.bytes(16),
      validUntil: validUntil ?? Math.floor(simulationEpochMs + this.#cluster.queue.nowMs + validForMs),
    });
    const transaction = VerifiedTransaction.vouchedFor(unverified, signer.publicKey);
    this.#sent.push(transaction);
    if (this.#sent.length > rememberedMax) this.#sent.shift();
    return transaction;
  }

  #content(): TransactionDraft {
    const key = `k${this.#random.below(this.#options.keyCount)}`;
    const value = uint64Bytes(this.#number);
    switch (this.#random.below(4)) {
      case 0:
        return { kind: 'sim.compare', payload: [1, key, this.#random.chance(0.5) ? null : uint64Bytes(1), value] };
      case 1:
        return { kind: 'sim.delete', payload: [1, key] };
      default:
        return { kind: 'sim.put', payload: [1, key, value] };
    }
  }
}
