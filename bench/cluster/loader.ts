import { setTimeout as sleep } from 'node:timers/promises';
import { type SubmitReply, transactionMediaType, transactionsMediaType } from '../../src/api/index.ts';
import { assert, present } from '../../src/base/index.ts';
import type { SignedTransaction } from '../../src/client/index.ts';
import { encodeCanonical } from '../../src/ledger/index.ts';
import { percentilesOf } from '../statistics.ts';
import { Connection, type HttpReply } from './connection.ts';
import type { RunRequest, RunResult } from './load-messages.ts';

/** Where a client was told that its transaction is. */
export interface Acknowledged {
  readonly id: string;
  readonly height: number;
  readonly index: number;
}

interface Tally {
  committed: number;
  accesses: number;
  readonly failures: Record<string, number>;
  readonly latenciesMs: number[][];
}

interface Sender {
  readonly number: number;
  readonly senders: number;
  readonly batch: number;
  readonly deadlineMs: number;
  /** Between two batches of all senders. */
  readonly paceMs: number;
}

function paceOf(batch: number, ratePerSecond: number | undefined): number {
  return ratePerSecond === undefined ? 0 : (batch * 1000) / ratePerSecond;
}

/** Sends signed transactions as fast as they are answered, so many requests at a time, and keeps what it was told. */
export class Loader {
  readonly #urls: readonly string[];
  readonly #ready: SignedTransaction[] = [];
  #sent = 0;
  #byId: Map<string, SignedTransaction> | undefined;
  #bytes = 0;
  readonly acknowledged: Acknowledged[] = [];
  /** Accesses that were recorded and permitted, so far. */
  accesses = 0;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  /** Signed and not sent yet. */
  get ready(): number {
    return this.#ready.length - this.#sent;
  }

  get meanBytes(): number {
    return this.#bytes / this.#ready.length;
  }

  add(transactions: readonly SignedTransaction[]): void {
    for (const transaction of transactions) {
      this.#ready.push(transaction);
      this.#bytes += transaction.bytes.length;
    }
  }

  /** Of an acknowledged transaction. */
  signed(id: string): SignedTransaction | undefined {
    this.#byId ??= new Map(this.#ready.map((transaction) => [transaction.id, transaction]));
    return this.#byId.get(id);
  }

  /** Ends when the time is up or everything was sent, with the last answer. */
  async run({ inFlight, batch, seconds, ratePerSecond }: RunRequest): Promise<RunResult> {
    const tally: Tally = { committed: 0, accesses: 0, failures: {}, latenciesMs: this.#urls.map(() => []) };
    const startMs = performance.now();
    const deadlineMs = startMs + seconds * 1000;
    const senders = Array.from({ length: inFlight }, (_, number) =>
      this.#send({ number, senders: inFlight, batch, deadlineMs, paceMs: paceOf(batch, ratePerSecond) }, tally),
    );
    await Promise.all(senders);
    const elapsedMs = performance.now() - startMs;
    return {
      committed: tally.committed,
      accesses: tally.accesses,
      failures: tally.failures,
      elapsedMs,
      latencyMs: percentilesOf(tally.latenciesMs.flat()),
      nodeP50Ms: tally.latenciesMs.map((samples) => (samples.length === 0 ? 0 : percentilesOf(samples).p50)),
    };
  }

  /** One request after another, to one node; to all in turn when there are fewer senders than nodes. */
  async #send({ number, senders, batch, deadlineMs, paceMs }: Sender, tally: Tally): Promise<void> {
    const beginMs = performance.now();
    const nodes = [...this.#urls.keys()];
    const mine = senders < nodes.length ? nodes : [number % nodes.length];
    const connections = await Promise.all(mine.map((node) => Connection.open(present(this.#urls[node], 'a node'))));
    for (let sent = 0; this.ready > 0 && performance.now() < deadlineMs; sent++) {
      const place = (number + sent) % mine.length;
      const transactions = this.#ready.slice(this.#sent, this.#sent + batch);
      this.#sent += transactions.length;
      // Senders take turns: one batch of all of them every so often.
      if (paceMs > 0) await sleep(Math.max(0, beginMs + (sent * senders + number) * paceMs - performance.now()));
      const startMs = performance.now();
      const reply = await post(present(connections[place], 'one a node'), transactions);
      tally.latenciesMs[present(mine[place], 'one a node')]?.push(performance.now() - startMs);
      this.#take(reply, transactions, tally);
    }
    for (const connection of connections) connection.close();
  }

  #take({ status, body }: HttpReply, transactions: readonly SignedTransaction[], tally: Tally): void {
    if (status !== 200) {
      const code = `${status} ${body.slice(0, 200)}`;
      tally.failures[code] = (tally.failures[code] ?? 0) + transactions.length;
      return;
    }
    const { outcomes } = JSON.parse(body) as SubmitReply;
    assert(outcomes.length === transactions.length, 'one outcome for each transaction');
    for (const [place, { status: outcome, receipt, error }] of outcomes.entries()) {
      if (outcome === 'committed' && receipt?.result.ok === true) {
        assert(receipt.id === transactions[place]?.id, 'outcomes come in the order of the transactions');
        tally.committed += 1;
        const accesses = permittedIn(receipt.result.output);
        tally.accesses += accesses;
        this.accesses += accesses;
        this.acknowledged.push({ id: receipt.id, height: receipt.height, index: receipt.index });
      } else {
        const code = receipt?.result.code ?? error?.code ?? outcome;
        tally.failures[code] = (tally.failures[code] ?? 0) + 1;
      }
    }
  }
}

/** What the figures are of: a transaction is told as soon as the certificate of its block is there. */
const path = '/v1/transactions?wait=committed';

function post(connection: Connection, transactions: readonly SignedTransaction[]): Promise<HttpReply> {
  const [first] = transactions;
  if (transactions.length === 1 && first !== undefined) return connection.post(path, transactionMediaType, first.bytes);
  return connection.post(path, transactionsMediaType, encodeCanonical(transactions.map(({ bytes }) => bytes)));
}

/** Accesses that a batch of them recorded and permitted; 0 for other kinds. */
function permittedIn(output: unknown): number {
  const { recorded, outcomes = [] } = (output ?? {}) as { recorded?: number; outcomes?: readonly string[] };
  assert(recorded === undefined || recorded === outcomes.length, 'every access of a batch is new and recorded');
  return outcomes.filter((outcome) => outcome === 'permit').length;
}
