import { readUint64 } from '../../../src/base/index.ts';
import type {
  AckStatement,
  BlockReference,
  HardState,
  Message,
  VoteRequestStatement,
} from '../../../src/consensus/index.ts';
import { keyPrefixes, type Operation } from '../../../src/storage/index.ts';
import type { BlockTree } from './block-tree.ts';
import { describeRequest } from './statements.ts';
import { holds, keyOf, short } from './violation.ts';

/** What the bytes of a node's database mean, as far as invariants need it. */
export interface RecordReader {
  /** The reference of a stored block. */
  block(bytes: Uint8Array): BlockReference;
  /** The hard state, when this key is its. */
  hardState(key: Uint8Array, value: Uint8Array): HardState | undefined;
}

/** One node's durable chain and promises, followed write by write, across restarts. */
export class DurableHistory {
  readonly #nodeId: string;
  readonly #tree: BlockTree;
  readonly #reader: RecordReader;
  readonly #isCertified: (height: number, hash: string) => boolean;
  readonly #onBlock: (reference: BlockReference) => void;
  readonly #onAck: (ack: AckStatement) => void;
  /** Hash by height, from {@link baseHeight}; the chain's start has an empty one. */
  readonly #chain: (string | undefined)[] = [''];
  #baseHeight = 1;
  #hardState: HardState | undefined;

  constructor(options: {
    readonly nodeId: string;
    readonly tree: BlockTree;
    readonly reader: RecordReader;
    readonly isCertified: (height: number, hash: string) => boolean;
    readonly onBlock: (reference: BlockReference) => void;
    /** The node may sign this ack from now on. */
    readonly onAck: (ack: AckStatement) => void;
  }) {
    this.#nodeId = options.nodeId;
    this.#tree = options.tree;
    this.#reader = options.reader;
    this.#isCertified = options.isCertified;
    this.#onBlock = options.onBlock;
    this.#onAck = options.onAck;
  }

  get height(): number {
    return this.#chain.length - 1;
  }

  get hardState(): HardState | undefined {
    return this.#hardState;
  }

  /** The lowest block that counts: 1, or that of the newest snapshot. */
  get baseHeight(): number {
    return this.#baseHeight;
  }

  hashAt(height: number): string | undefined {
    return this.#chain[height];
  }

  /** Hash of the newest durable block; undefined when there is none. */
  get tipHash(): string | undefined {
    return this.height === 0 ? undefined : this.#chain[this.height];
  }

  /** A batch became durable; with `originHeight` above {@link baseHeight} the one that switches to a snapshot. */
  batch(operations: readonly Operation[], originHeight = 0): void {
    const oldTip = this.#chain[this.height] as string;
    const removed: [height: number, hash: string][] = [];
    if (originHeight > this.#baseHeight) this.#beginAt(originHeight, removed);
    for (const operation of operations) {
      if (operation.key[0] === keyPrefixes.block) this.#blockOperation(operation, removed);
      else if (operation.key[0] === keyPrefixes.consensus && operation.type === 'put') this.#promise(operation);
    }
    for (const [height, hash] of removed)
      holds(
        this.#chain[height] === hash || !this.#isCertified(height, hash),
        'certified blocks never change',
        () => `${this.#nodeId} removed the certified (${height}, ${short(hash)})`,
      );
    this.#tipGrows(oldTip);
    // An ack says that no later term is promised: one that became durable together with such a promise is never signed.
    const ack = this.#hardState?.ack;
    if (ack !== undefined && ack.term === this.#hardState?.term) this.#onAck(ack);
  }

  /** The node signs this ack: its block and its record outlive a crash, and no later term was promised before. */
  acks({ term, height, blockHash }: AckStatement): void {
    const invariant = 'every ack is preceded by its durable record';
    const acked = (): string => `${this.#nodeId} acked (${term}, ${height})`;
    holds(this.hashAt(height) === keyOf(blockHash), invariant, () => `${acked()} and does not hold the block`);
    const recorded = this.#hardState?.ack;
    holds(
      recorded !== undefined && (recorded.term > term || (recorded.term === term && recorded.height >= height)),
      invariant,
      () => `${acked()}, its record ends at ${recorded?.term}, ${recorded?.height}`,
    );
    const promised = this.#hardState?.term;
    holds(promised === term, invariant, () => `${acked()}, having promised ${promised}`);
  }

  /** The node signs this vote or vote request: its record outlives a crash. */
  promises(statement: VoteRequestStatement, kind: 'vote' | 'voteRequest'): void {
    const recorded = this.#hardState?.[kind];
    holds(
      recorded !== undefined && describeRequest(recorded) === describeRequest(statement),
      'every vote is preceded by its durable record',
      () =>
        `${this.#nodeId} sent a ${kind} ${describeRequest(statement)} that its disk does not hold: it promised ${this.#hardState?.term}`,
    );
  }

  /** A message leaves the node: the term that it states as the node's own outlives a crash. */
  tells(message: Message): void {
    const isOwnTerm = 'term' in message && message.type !== 'pre-vote-request' && message.type !== 'pre-vote-reply';
    holds(
      !isOwnTerm || message.term <= (this.#hardState?.term ?? 0),
      'every term told is preceded by its durable record',
      () => `${this.#nodeId} sent a ${message.type} with a term above the durable ${this.#hardState?.term}`,
    );
  }

  /** What is certified up to there is no longer held as blocks. */
  #beginAt(height: number, removed: [number, string][]): void {
    for (let above = height; above < this.#chain.length; above++) removed.push([above, this.#chain[above] as string]);
    this.#baseHeight = height;
    this.#chain.length = height;
    this.#chain.fill(undefined);
  }

  #blockOperation(operation: Operation, removed: [number, string][]): void {
    const height = readUint64(operation.key, 1);
    // Swept away at leisure.
    if (height < this.#baseHeight) return;
    const reference = operation.type === 'put' ? this.#reader.block(operation.value) : undefined;
    const hash = reference === undefined ? undefined : keyOf(reference.hash);
    if (hash === this.#chain[height] && hash !== undefined) return;
    // A batch may delete from either end; what matters is how it leaves the chain.
    for (let above = height; above < this.#chain.length; above++) removed.push([above, this.#chain[above] as string]);
    this.#chain.length = Math.min(this.#chain.length, height);
    if (reference === undefined || hash === undefined) return;
    this.#onBlock(reference);
    const parent = keyOf(reference.parentHash);
    holds(
      this.#chain.length === height && (height === this.#baseHeight || this.#chain[height - 1] === parent),
      'parent hash and term monotone along every chain',
      () => `${this.#nodeId} stores ${short(hash)} at ${height} on another parent than ${short(parent)}`,
    );
    this.#chain.push(hash);
  }

  #promise(operation: Operation & { readonly type: 'put' }): void {
    const next = this.#reader.hardState(operation.key, operation.value);
    if (next === undefined) return;
    const previous = this.#hardState;
    holds(
      previous === undefined || next.term >= previous.term,
      'terms are monotone',
      () => `${this.#nodeId} went from term ${previous?.term} to ${next.term}`,
    );
    this.#hardState = next;
  }

  #tipGrows(oldHash: string): void {
    const newHash = this.#chain[this.height] as string;
    if (oldHash === newHash || oldHash === '') return;
    const before = this.#tree.get(oldHash);
    const after = this.#tree.get(newHash);
    holds(
      before !== undefined &&
        after !== undefined &&
        (after.term > before.term || (after.term === before.term && after.height > before.height)),
      'a tip never decreases',
      () => `${this.#nodeId} went from (${before?.term}, ${before?.height}) to (${after?.term}, ${after?.height})`,
    );
  }
}
