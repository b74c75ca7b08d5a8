import {
  type OutcomeView,
  requestLimits,
  routes,
  transactionMediaType,
  transactionsMediaType,
  waitTimeoutMsMax,
} from '../../api/index.ts';
import { encodeCanonical } from '../../ledger/portable.ts';
import type { SignedTransaction } from '../wallet/transaction.ts';
import type { Nodes } from './nodes.ts';
import { failureOf, isSettled, joinOutcomes, outcomeOf, type SubmitOutcome } from './outcome.ts';
import { pause, withTimeout } from './read.ts';
import { exchange } from './transport.ts';

export interface SubmitOptions {
  /**
   * `in-force` (default): until no node decides by itself without it any more, or a node's time is up. `committed`: until
   * the commit. `none`: until a node took it.
   */
  readonly wait?: 'in-force' | 'committed' | 'none';
  /** The longest that all attempts together take; 15 s unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called after each request of a batch. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A node answers at its own deadline; this much longer its answer is waited for. */
const answerGraceMs = 1000;
const pauseMsMin = 100;
const pauseMsMax = 1000;
/** Rounds over all nodes, whatever the deadline. */
const roundsMax = 64;

/** One request's worth of transactions on its way: the same bytes, to one node after another, until all are settled. */
export class Submission {
  readonly #nodes: Nodes;
  readonly #transactions: readonly SignedTransaction[];
  readonly #options: SubmitOptions;
  readonly #outcomes: (SubmitOutcome | undefined)[];
  readonly #deadline: number;
  #retryAfterMs = 0;

  constructor(nodes: Nodes, transactions: readonly SignedTransaction[], options: SubmitOptions) {
    this.#nodes = nodes;
    this.#transactions = transactions;
    this.#options = options;
    this.#outcomes = transactions.map(() => undefined);
    this.#deadline = nodes.clock.monotonicMs() + (options.timeoutMs ?? 15_000);
  }

  async run(): Promise<SubmitOutcome[]> {
    let unreachedRounds = 0;
    for (let round = 0; round < roundsMax && this.#open().length > 0 && this.#remainingMs() > 0; round++) {
      const reached = await this.#round();
      unreachedRounds = reached ? 0 : unreachedRounds + 1;
      // Nobody listens anywhere: waiting for the deadline would only delay saying so.
      if (this.#open().length === 0 || unreachedRounds === 2 || this.#options.signal?.aborted) break;
      await pause(this.#nodes.clock, this.#pauseMs(round), this.#options.signal);
    }
    return this.#transactions.map((transaction, place) => this.#outcomes[place] ?? notTried(transaction));
  }

  /** Asks each node once, or until everything is settled. Answers whether any of them could be reached. */
  async #round(): Promise<boolean> {
    const { urls, preferred } = this.#nodes;
    let reached = false;
    this.#retryAfterMs = 0;
    for (let step = 0; step < urls.length; step++) {
      if (this.#open().length === 0 || this.#remainingMs() <= 0 || this.#options.signal?.aborted) break;
      // Where other nodes are left to ask, a silent one may not use up the whole time.
      const share = urls.length - step > 1 ? 2 : 1;
      reached = (await this.#attempt((preferred + step) % urls.length, this.#remainingMs() / share)) || reached;
    }
    return reached;
  }

  /** Posts what is not settled to one node. */
  async #attempt(index: number, timeoutMs: number): Promise<boolean> {
    const places = this.#open();
    const transactions = places.map((place) => this.#transactions[place] as SignedTransaction);
    const waitMs = Math.max(1, Math.min(Math.floor(timeoutMs), waitTimeoutMsMax));
    const node = this.#nodes.urls[index] as string;
    const answer = await exchange(this.#nodes.fetch, node, routes.submit, {
      params: {},
      query: { wait: this.#options.wait ?? 'in-force', timeoutMs: waitMs, ...ledgerOf(transactions) },
      body: bodyOf(transactions),
      signal: withTimeout(waitMs + answerGraceMs, this.#options.signal),
    });
    if (answer.kind === 'reply') this.#nodes.preferred = index;
    if (answer.kind === 'error') this.#retryAfterMs = Math.max(this.#retryAfterMs, answer.retryAfterMs ?? 0);
    for (const [position, place] of places.entries()) {
      const { id } = transactions[position] as SignedTransaction;
      const outcome = outcomeFrom(id, node, answer, position);
      this.#outcomes[place] = joinOutcomes(this.#outcomes[place], outcome);
    }
    return answer.kind !== 'unreached';
  }

  /** Places of the transactions that another attempt may still settle. */
  #open(): number[] {
    return [...this.#outcomes.keys()].filter((place) => !isSettled(this.#outcomes[place]));
  }

  #remainingMs(): number {
    return this.#deadline - this.#nodes.clock.monotonicMs();
  }

  /** Doubles from round to round, at least what the nodes asked for; jittered, so that clients do not come back as one. */
  #pauseMs(round: number): number {
    const backoffMs = Math.min(pauseMsMin * 2 ** Math.min(round, 16), pauseMsMax);
    const jittered = backoffMs / 2 + this.#nodes.random.below(Math.ceil(backoffMs / 2));
    return Math.max(0, Math.min(Math.max(jittered, this.#retryAfterMs), this.#remainingMs()));
  }
}

/** Cuts a batch into requests that a node takes. */
export function* chunksOf(transactions: readonly SignedTransaction[]): Generator<readonly SignedTransaction[], void> {
  // An array of binaries: at most five bytes of head for the array, and for each of them.
  const headBytes = 5;
  let chunk: SignedTransaction[] = [];
  let bytes = headBytes;
  for (const transaction of transactions) {
    const added = headBytes + transaction.bytes.length;
    if (chunk.length === requestLimits.batchTransactionsMax || bytes + added > requestLimits.batchBytesMax) {
      yield chunk;
      chunk = [];
      bytes = headBytes;
    }
    chunk.push(transaction);
    bytes += added;
  }
  if (chunk.length > 0) yield chunk;
}

function bodyOf(transactions: readonly SignedTransaction[]): { mediaType: string; content: Uint8Array } {
  const [first] = transactions;
  if (transactions.length === 1 && first !== undefined)
    return { mediaType: transactionMediaType, content: first.bytes };
  return { mediaType: transactionsMediaType, content: encodeCanonical(transactions.map(({ bytes }) => bytes)) };
}

/** A node of another ledger can say so only where it is told which one is meant. */
function ledgerOf(transactions: readonly SignedTransaction[]): { readonly ledger?: string } {
  const [ledger, ...others] = new Set(transactions.map(({ ledgerId }) => ledgerId));
  return ledger === undefined || others.length > 0 ? {} : { ledger };
}

type Answer = Awaited<ReturnType<typeof exchange<typeof routes.submit>>>;

function outcomeFrom(id: string, node: string, answer: Answer, position: number): SubmitOutcome {
  switch (answer.kind) {
    case 'reply': {
      const view: OutcomeView | undefined = answer.reply.outcomes[position];
      // A node that talks of another transaction has said nothing about this one.
      if (view === undefined || (view.id !== undefined && view.id !== id))
        return { status: 'unknown', id, sentence: `The node at ${node} did not say what became of the transaction.` };
      return outcomeOf(id, view, answer.reply.inForce);
    }
    case 'error':
      return failureOf(id, answer.error);
    case 'unreached':
      return {
        status: 'nothing-happened',
        id,
        code: 'node-unreachable',
        sentence: `The node at ${node} cannot be reached: ${answer.reason}.`,
      };
    case 'lost':
    case 'foreign':
      return { status: 'unknown', id, sentence: `The node at ${node} may have taken it: ${answer.reason}.` };
  }
}

function notTried({ id }: SignedTransaction): SubmitOutcome {
  return {
    status: 'nothing-happened',
    id,
    code: 'node-unreachable',
    sentence: 'There was no time left to ask a node.',
  };
}
