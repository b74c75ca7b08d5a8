import type {
  CommittedDecision,
  DecisionBatch,
  DecisionBody,
  DecisionCommit,
  DecisionReply,
  DecisionRequest,
  OutcomeView,
} from '../../api/index.ts';
import { AssentError, assert, fromHex, present } from '../../base/index.ts';
import { encodeCanonical, UnverifiedTransaction } from '../../ledger/index.ts';
import type { Submissions } from '../ingress/submissions.ts';
import { isBatch, type KnownState } from '../known-state/index.ts';
import type { ReadingAsk } from '../queries/query.ts';
import type { Replays } from '../replay/replays.ts';

export interface DecisionsOptions {
  readonly submissions: Submissions;
  readonly reading: ReadingAsk;
  readonly replays: Replays;
  /** Of all requests. */
  readonly known: KnownState;
  /** Whether the node holds a lease: what anybody was told to be in force by now, this thread was told of before. */
  readonly isLeased: () => boolean;
  /** Has {@link known} follow all that it was told by now. */
  readonly catchUp: () => void;
  /** Told of each advisory answer, whether this thread found it alone. */
  readonly observe: (isKnown: boolean) => void;
}

const commitTimeoutMs = 10_000;
/** The kinds whose output is a decision on what was asked. */
const decidingKind = 'access.record';

/** Answers to `POST /v1/decisions`: one question, several from one state, or signed requests that are to be recorded. */
export class Decisions {
  readonly #submissions: Submissions;
  readonly #reading: ReadingAsk;
  readonly #replays: Replays;
  readonly #known: KnownState;
  readonly #isLeased: DecisionsOptions['isLeased'];
  readonly #catchUp: DecisionsOptions['catchUp'];
  readonly #observe: DecisionsOptions['observe'];

  constructor({ submissions, reading, replays, known, isLeased, catchUp, observe }: DecisionsOptions) {
    this.#submissions = submissions;
    this.#reading = reading;
    this.#replays = replays;
    this.#known = known;
    this.#isLeased = isLeased;
    this.#catchUp = catchUp;
    this.#observe = observe;
  }

  /** JSON text of a `DecisionReply`. */
  async answer(asked: DecisionBody): Promise<string> {
    if (isCommit(asked)) {
      // Nothing is recorded where the node could not say how far it is.
      await this.#reading.ask('bounds', {});
      return textOf({ outcomes: await this.#record(asked) });
    }
    if (isBatch(asked)) {
      refusePast(asked.questions);
      return this.#advise(asked);
    }
    const height = asked.at?.height;
    return height === undefined ? this.#advise(asked) : textOf(await this.#replays.decideAt(height, asked));
  }

  /** From what this thread knows of the newest certified state, else by the main thread, which gives along what it read. */
  async #advise(asked: DecisionRequest | DecisionBatch): Promise<string> {
    const { consistency, ask } = this.#reading;
    // The lease is looked at first: what was in force by then is among what the thread was told before it catches up.
    const isAlone = consistency === 'local' || (consistency === 'in-force' && this.#isLeased());
    // Whoever asks may know by a node's word that this one has applied a block, or that a block is in force.
    if (isAlone) this.#catchUp();
    let advised = this.#known.decide(asked);
    if (advised !== undefined && !isAlone) {
      const height = await ask('certifiedHeight', {});
      // Where no news came it is the same answer, for a moment at which the request was there already. A height does not say
      // so: the ledger may have begun again at the same one.
      if (this.#known.facts !== advised.facts) advised = this.#known.decide(asked);
      assert(
        (advised?.facts.height ?? height) >= height,
        'the news of every block up to the read point come before it',
      );
    }
    this.#observe(advised !== undefined);
    if (advised !== undefined) {
      this.#reading.begin(advised.facts);
      if ('refusal' in advised) throw advised.refusal;
      return advised.text;
    }
    const { text, values } = await ask('decide', asked);
    if (values !== undefined) this.#known.learn(values);
    return text;
  }

  /** Resolves when the entries are certified, or it is known that they will not be. */
  #record({ transactions }: DecisionCommit): Promise<CommittedDecision[]> {
    const all = transactions.map((text) => present(fromHex(text), 'the route checked the text'));
    for (const [place, bytes] of all.entries()) {
      const { kind } = new UnverifiedTransaction(bytes);
      if (kind !== decidingKind)
        throw new AssentError('request-invalid', `transactions.${place}: ${kind} records no decision`, {
          path: `transactions.${place}`,
        });
    }
    const submission = {
      body: encodeCanonical(all),
      batched: true,
      wait: 'committed',
      timeoutMs: commitTimeoutMs,
    } as const;
    return new Promise((resolve) => {
      this.#submissions.submit(submission, (outcomes) => resolve(outcomes.map(withDecision)));
    });
  }
}

function textOf(reply: DecisionReply): string {
  return JSON.stringify(reply);
}

function refusePast(questions: readonly DecisionRequest[]): void {
  const past = questions.findIndex(({ at }) => at !== undefined);
  if (past < 0) return;
  const path = `questions.${past}.at`;
  throw new AssentError('request-invalid', `${path}: ask about past blocks one question at a time`, { path });
}

function isCommit(asked: DecisionBody): asked is DecisionCommit {
  return 'commit' in asked;
}

function withDecision(outcome: OutcomeView): CommittedDecision {
  const result = outcome.receipt?.result;
  if (result?.ok !== true) return outcome;
  const { decision, entry, duplicate } = result.output as { decision: string; entry: number; duplicate: boolean };
  return { ...outcome, decision, entry, duplicate };
}
