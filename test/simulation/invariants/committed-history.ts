import { type ConfigurationModel, nodesAsText } from './configuration-model.ts';
import { type ModelTransaction, ReferenceModel } from './reference-model.ts';
import { holds, short } from './violation.ts';

/** Followers refuse what is ahead of their clocks by much less, and at most a minority of the clocks is wrong. */
const aheadMsMax = 60_000;

export interface AppliedBlock {
  readonly height: number;
  readonly hash: string;
  readonly stateRoot: string;
  readonly transactions: readonly ModelTransaction[];
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Node keys with their roles, where the block changes them after its transactions. */
  readonly changedTo: ReadonlyMap<string, string> | undefined;
}

/** What a client was told about its transaction. */
export interface ToldOutcome {
  readonly transactionId: string;
  readonly height: number;
  readonly ok: boolean;
}

/** What nodes applied and what clients were told: one history, each transaction in it once. */
export class CommittedHistory {
  readonly #blocks: (AppliedBlock | undefined)[] = [undefined];
  readonly #places = new Map<string, number>();
  readonly #told = new Map<string, ToldOutcome>();
  /** Told by the certificate, at heights that no node has applied yet. */
  #toldAhead: ToldOutcome[] = [];
  readonly #configuration: ConfigurationModel;
  readonly #model: ReferenceModel;
  readonly #toldExpired = new Set<string>();

  constructor(configuration: ConfigurationModel) {
    this.#configuration = configuration;
    this.#model = new ReferenceModel(configuration);
  }

  get height(): number {
    return this.#blocks.length - 1;
  }

  /** Whether some node has applied all that clients were told of. */
  get isToldApplied(): boolean {
    return this.#toldAhead.length === 0;
  }

  get transactionCount(): number {
    return this.#places.size;
  }

  has(transactionId: string): boolean {
    return this.#places.has(transactionId);
  }

  /** The values that a node holds which has applied everything. */
  values(): readonly string[] {
    return this.#model.values();
  }

  /** The root that every node has at this height. */
  stateRootAt(height: number): string | undefined {
    return this.#blocks[height]?.stateRoot;
  }

  /** A node applied this block; `certifiedHash` is the certified chain's block at its height, `nowMs` the true time. */
  applied(nodeId: string, block: AppliedBlock, certifiedHash: string | undefined, nowMs: number): void {
    holds(
      certifiedHash === block.hash,
      'commit height at most the highest certificate',
      () =>
        `${nodeId} applied (${block.height}, ${short(block.hash)}), certified is ${short(certifiedHash ?? 'nothing')}`,
    );
    const known = this.#blocks[block.height];
    if (known !== undefined) {
      holds(known.hash === block.hash, 'log matching', () => `two blocks applied at ${block.height}`);
      holds(
        known.stateRoot === block.stateRoot,
        'equal heights have byte-equal state roots',
        () => `${nodeId} has ${short(block.stateRoot)} at ${block.height}, another ${short(known.stateRoot)}`,
      );
      return;
    }
    holds(
      block.height === this.#blocks.length,
      'blocks are applied in order',
      () => `${nodeId} applied ${block.height}, the history ends at ${this.height}`,
    );
    this.#isInTime(block, nowMs);
    this.#blocks.push(block);
    for (const transaction of block.transactions) {
      const { id, validUntil } = transaction;
      const earlier = this.#places.get(id);
      holds(
        earlier === undefined,
        'every transaction executes at most once',
        () => `${short(id)} at ${earlier} and ${block.height}`,
      );
      holds(
        validUntil >= block.timestamp,
        'every transaction executes within its window',
        () => `${short(id)} executed at ${block.timestamp}, valid until ${validUntil}`,
      );
      this.#neverExpired(id);
      this.#places.set(id, block.height);
      this.#model.apply(transaction);
    }
    this.#enact(block);
    const due = this.#toldAhead;
    this.#toldAhead = [];
    for (const outcome of due) this.#checkTold(outcome);
  }

  /**
   * A client was told. The node that completes a certificate tells its clients before anyone else can have seen it: that
   * the height is certified is asked when a node applies it, and a run ends only when every told height is applied.
   */
  told(outcome: ToldOutcome): void {
    const earlier = this.#told.get(outcome.transactionId);
    holds(
      earlier === undefined || (earlier.height === outcome.height && earlier.ok === outcome.ok),
      'whatever a client was told is committed stays',
      () => `told two outcomes of ${short(outcome.transactionId)}`,
    );
    this.#told.set(outcome.transactionId, outcome);
    this.#checkTold(outcome);
  }

  #checkTold(outcome: ToldOutcome): void {
    if (outcome.height > this.height) {
      this.#toldAhead.push(outcome);
      return;
    }
    const place = this.#places.get(outcome.transactionId);
    holds(
      place === outcome.height,
      'whatever a client was told is committed stays',
      () => `told ${short(outcome.transactionId)} is at ${outcome.height}, it is at ${place ?? 'no height'}`,
    );
    holds(
      this.#model.outcome(outcome.transactionId) === outcome.ok,
      'results are those of the rules',
      () => `told ${short(outcome.transactionId)} is ${outcome.ok ? 'permitted' : 'refused'}; by the rules it is not`,
    );
  }

  /** A client was told that its transaction can never be committed any more. */
  toldExpired(transactionId: string): void {
    this.#toldExpired.add(transactionId);
    if (this.#places.has(transactionId)) this.#neverExpired(transactionId);
  }

  #enact({ height, changedTo }: AppliedBlock): void {
    if (changedTo === undefined) return;
    holds(
      this.#configuration.enact() && this.#configuration.nodes() === nodesAsText(changedTo),
      'results are those of the rules',
      () => `block ${height} changes to ${nodesAsText(changedTo)}, by the rules ${this.#configuration.nodes()}`,
    );
  }

  #isInTime({ height, timestamp }: AppliedBlock, nowMs: number): void {
    const parentTimestamp = this.#blocks[height - 1]?.timestamp ?? 0;
    holds(
      timestamp > parentTimestamp,
      'time goes forward along the chain',
      () => `block ${height} is of ${timestamp}, its parent of ${parentTimestamp}`,
    );
    holds(
      timestamp <= nowMs + aheadMsMax,
      'certified time is not ahead of true time',
      () => `block ${height} is ${timestamp - nowMs} ms ahead`,
    );
  }

  #neverExpired(transactionId: string): void {
    holds(
      !this.#toldExpired.has(transactionId),
      'expired is final',
      () => `told ${short(transactionId)} expired, it is at ${this.#places.get(transactionId) ?? 'the next height'}`,
    );
  }
}
