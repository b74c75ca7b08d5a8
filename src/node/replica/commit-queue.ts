import type { BlockReference, CommittedBlock } from '../../consensus/index.ts';
import type { Ledger, Receipt } from '../../ledger/index.ts';
import type { Operation } from '../../storage/index.ts';
import type { WrittenCertificates } from './written-certificates.ts';

/** Commits that are with the disk at a time. A block can change some MiB of state, and what the journal holds is bounded. */
const writingMax = 8;
/** With more commits than this to be written, nothing more is executed: overlays stay in memory until they are. */
const backlogMax = 64;

/**
 * Committed blocks on their way to the disk, in chain order. A commit says nothing that the certificate does not: where
 * no reader waits for it, it rides in the next append's batch (protocol.md §6).
 */
export class CommitQueue {
  readonly #ledger: Ledger;
  readonly #write: (operations: readonly Operation[], urgent: boolean, done: () => void) => void;
  readonly #isAwaited: (block: BlockReference) => boolean;
  readonly #onSettled: (block: BlockReference, receipts: readonly Receipt[]) => void;
  /** Bounded by the chain that is certified and not applied, whose blocks the core holds. */
  readonly #waiting: CommittedBlock[] = [];
  readonly #certificates: WrittenCertificates;
  #writing = 0;

  constructor(options: {
    ledger: Ledger;
    /** Of all that is given to the same journal. */
    certificates: WrittenCertificates;
    /** Writes one atomic batch, in order; one that is not urgent with the next that is, or with the next tick. */
    write: (operations: readonly Operation[], urgent: boolean, done: () => void) => void;
    /** Whether a reader waits for the block's effects. */
    isAwaited: (block: BlockReference) => boolean;
    /** The block's effects are durable and readable. */
    onSettled: (block: BlockReference, receipts: readonly Receipt[]) => void;
  }) {
    this.#ledger = options.ledger;
    this.#certificates = options.certificates;
    this.#write = options.write;
    this.#isAwaited = options.isAwaited;
    this.#onSettled = options.onSettled;
  }

  /** Committed blocks whose effects are not durable yet. */
  get length(): number {
    return this.#waiting.length + this.#writing;
  }

  get isBehind(): boolean {
    return this.length > backlogMax;
  }

  push(committed: CommittedBlock): void {
    this.#waiting.push(committed);
    this.#writeNext();
  }

  #writeNext(): void {
    while (this.#writing < writingMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#writing += 1;
      this.#commit(next);
    }
  }

  #commit({ block, certificate }: CommittedBlock): void {
    const { operations, receipts } = this.#ledger.commit(block.hash);
    const urgent = this.#waiting.length > 0 || this.#writing === writingMax || this.#isAwaited(block);
    // The first batch that relies on a certificate brings it along.
    this.#write([...operations, ...this.#certificates.operations(certificate)], urgent, () => {
      this.#writing -= 1;
      this.#ledger.settle(block.hash);
      this.#onSettled(block, receipts);
      this.#writeNext();
    });
  }
}
