import { type ErrorCode, uint64Bytes } from '../../src/base/index.ts';
import type { Signer } from '../../src/crypto/index.ts';
import { VerifiedTransaction } from '../../src/ledger/index.ts';
import type { Outcome } from '../../src/node/replica/index.ts';
import type { History, OperationOutcome } from '../simulation/history.ts';
import { keyOf } from '../simulation/invariants/violation.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { SeededRandom } from './simulated-random.ts';
import { simulationEpochMs } from './simulated-time.ts';
import { signTransaction, type ToldClients } from './simulated-workload.ts';

export interface RegisterClientOptions {
  readonly clientCount: number;
  readonly registerCount: number;
  /** Between an answer and the next question of one client. */
  readonly meanPauseMs: number;
  /** How long a client waits for one node; the shortest wait is a tenth of it. */
  readonly timeoutMaxMs: number;
}

/** A write is sent to at most this many nodes before the client goes on without its outcome. */
const attemptsMax = 3;

/** Refusals of a node that never saw the transaction before: nothing happened, unless another node has it by now. */
const refusedAtTheDoor: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'no-quorum',
  'overloaded',
  'shutting-down',
  'window-too-far',
]);

/**
 * Clients that write values, each once, to few registers, and read them back through the read barrier, at any node that
 * is up. Each has one operation under way; what they did and saw is the history. A client that goes on without an answer
 * to its write goes on as another process.
 */
export class RegisterClients {
  readonly #cluster: SimulatedCluster;
  readonly #random: SeededRandom;
  readonly #options: RegisterClientOptions;
  readonly #history: History;
  readonly #told: ToldClients;
  readonly #signer: Signer;
  #processes = 0;
  #values = 0;
  #stopped = false;

  constructor(
    cluster: SimulatedCluster,
    random: SeededRandom,
    options: RegisterClientOptions,
    outputs: { readonly history: History; readonly told: ToldClients },
  ) {
    this.#cluster = cluster;
    this.#random = random;
    this.#options = options;
    this.#history = outputs.history;
    this.#told = outputs.told;
    this.#signer = cluster.signatures.createSigner(random.bytes(32));
    for (let client = 0; client < options.clientCount; client++) this.#pause(this.#processes++);
  }

  /** No new operation begins. */
  stop(): void {
    this.#stopped = true;
  }

  /** Reads every register once at this node, and calls back when all were answered. A refusal is asked for again. */
  readAll(node: number, done: () => void): void {
    let left = this.#options.registerCount;
    for (let register = 0; register < this.#options.registerCount; register++) {
      const process = this.#processes++;
      const ask = (): void =>
        this.#read(process, node, `r${register}`, (outcome) => {
          if (outcome !== 'ok') this.#after(this.#options.timeoutMaxMs / 10, ask);
          else if (--left === 0) done();
        });
      ask();
    }
  }

  #pause(process: number): void {
    this.#after(this.#random.exponential(this.#options.meanPauseMs), () => {
      if (!this.#stopped) this.#act(process);
    });
  }

  #act(process: number): void {
    const node = this.#anyNode();
    if (node === undefined) {
      this.#pause(process);
      return;
    }
    const register = `r${this.#random.below(this.#options.registerCount)}`;
    const goOn = (outcome: OperationOutcome): void => this.#pause(outcome === 'unknown' ? this.#processes++ : process);
    if (this.#random.chance(0.5)) this.#read(process, node, register, goOn);
    else this.#write(process, node, register, goOn);
  }

  /** One that leads, or believes so, more often than chance: what a deposed leader answers is of interest. */
  #anyNode(): number | undefined {
    const up = this.#cluster.machines.filter(({ isUp }) => isUp);
    const leaders = up.filter(({ process }) => process?.status()?.role === 'leader');
    if (leaders.length > 0 && this.#random.chance(0.4)) return this.#random.pick(leaders).index;
    return up.length === 0 ? undefined : this.#random.pick(up).index;
  }

  /** A read without an answer failed for certain: it changes nothing. */
  #read(process: number, node: number, register: string, goOn: (outcome: OperationOutcome) => void): void {
    const respond = this.#history.invoke({ kind: 'read', process, register, node, value: undefined }, this.#nowMs);
    let isOpen = true;
    const end = (outcome: OperationOutcome, value?: Uint8Array): void => {
      if (!isOpen) return;
      isOpen = false;
      respond(outcome, this.#nowMs, value && keyOf(value));
      goOn(outcome);
    };
    this.#after(this.#timeoutMs(), () => end('failed'));
    this.#cluster.read(node, this.#random.chance(0.5) ? 'certified' : 'applied', (answer, valueAt) => {
      if (typeof answer === 'number') end('ok', valueAt(register));
      else end('failed');
    });
  }

  #write(process: number, node: number, register: string, goOn: (outcome: OperationOutcome) => void): void {
    this.#values += 1;
    const value = uint64Bytes(this.#values);
    const respond = this.#history.invoke({ kind: 'write', process, register, node, value: keyOf(value) }, this.#nowMs);
    const transaction = this.#sign(register, value);
    let isOpen = true;
    const end = (outcome: OperationOutcome): void => {
      if (!isOpen) return;
      isOpen = false;
      respond(outcome, this.#nowMs);
      goOn(outcome);
    };
    let attempts = 0;
    const attempt = (number: number, at: number): void => {
      attempts = number;
      this.#after(this.#timeoutMs(), () => {
        const next = number < attemptsMax && this.#random.chance(0.6) ? this.#anyNode() : undefined;
        if (!isOpen) return;
        if (next === undefined) end('unknown');
        else attempt(number + 1, next);
      });
      this.#cluster.submit(at, [transaction], (_index, outcome) => {
        const certain = this.#outcomeOf(transaction, outcome, attempts === 1);
        if (certain !== undefined) end(certain);
      });
    };
    attempt(1, node);
  }

  /** What the answer says for certain. */
  #outcomeOf(transaction: VerifiedTransaction, outcome: Outcome, isOnly: boolean): OperationOutcome | undefined {
    if (outcome.status === 'committed') {
      this.#told.told(outcome.receipt);
      return outcome.receipt.result.ok ? 'ok' : 'failed';
    }
    const { code } = outcome.error;
    if (code === 'window-expired') {
      this.#told.toldExpired(transaction.idHex);
      return 'failed';
    }
    return isOnly && refusedAtTheDoor.has(code) ? 'failed' : undefined;
  }

  #sign(register: string, value: Uint8Array): VerifiedTransaction {
    const validForMs = this.#random.chance(0.1) ? this.#random.between(1, 500) : this.#random.between(1_000, 500_000);
    const unverified = signTransaction({
      ledgerId: this.#cluster.genesis.ledgerId,
      signer: this.#signer,
      kind: 'sim.put',
      payload: [1, register, value],
      salt: this.#random.bytes(16),
      validUntil: Math.floor(simulationEpochMs + this.#nowMs + validForMs),
    });
    return VerifiedTransaction.vouchedFor(unverified, this.#signer.publicKey);
  }

  #timeoutMs(): number {
    return this.#options.timeoutMaxMs * (0.1 + 0.9 * this.#random.unit());
  }

  get #nowMs(): number {
    return this.#cluster.queue.nowMs;
  }

  #after(delayMs: number, callback: () => void): void {
    this.#cluster.queue.schedule(delayMs, 'client', callback);
  }
}
