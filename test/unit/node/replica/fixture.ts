import type { Clock, Timer } from '../../../../src/base/index.ts';
import type { BlockReference, ProposalSlot } from '../../../../src/consensus/index.ts';
import { encodeNodeId } from '../../../../src/crypto/index.ts';
import {
  decodeBlock,
  type Ledger,
  type OpenedBlock,
  type ReceivedBlock,
  VerifiedBlock,
  type VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import type { Executed, ExecutionQueue } from '../../../../src/node/replica/execution-queue.ts';
import type { VerifyTransactions } from '../../../../src/node/replica/index.ts';
import type { Sealed, Sealer } from '../../../../src/node/replica/sealer.ts';
import { genesis, proposer, verified } from '../../ledger/fixture.ts';

/** A clock that stands until it is set. */
export class HandClock implements Clock {
  now = 1_000_000;

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  after(_delayMs: number, _callback: () => void): Timer {
    throw new Error('nothing here waits');
  }
}

/** A verification thread that answers when it is told to. */
export class HandVerifier {
  readonly #waiting: { readonly count: number; readonly done: (valid: readonly boolean[]) => void }[] = [];

  readonly verify: VerifyTransactions = (transactions, _keys, done) => {
    this.#waiting.push({ count: transactions.length, done });
  };

  /** Signatures without an answer. */
  get asked(): number {
    return this.#waiting.reduce((sum, { count }) => sum + count, 0);
  }

  /** Answers the oldest question. */
  answer(isValid = true): void {
    const question = this.#waiting.shift();
    question?.done(new Array<boolean>(question.count).fill(isValid));
  }
}

/** Seals on the parent as a leader does, and takes the block into the ledger. */
export function seal(
  ledger: Ledger,
  parentHash: Uint8Array,
  timestamp: number,
  transactions: readonly VerifiedTransaction[] = [],
  justification: Uint8Array = Uint8Array.of(1, 0),
): ReceivedBlock {
  const { draft, accept } = ledger.seal(
    { parentHash, term: 1, timestamp, enactsChange: false, justification: () => justification },
    proposer.publicKey,
    transactions,
    () => undefined,
  );
  accept();
  return decodeBlock(draft.sign(proposer).bytes);
}

/** A chain of blocks from the genesis on, a millisecond apart. */
export function chainOf(ledger: Ledger, blocks: readonly (readonly VerifiedTransaction[])[]): ReceivedBlock[] {
  let parentHash = genesis.ledgerId;
  return blocks.map((transactions, index) => {
    const block = seal(ledger, parentHash, 1_000_001 + index, transactions);
    parentHash = block.hash;
    return block;
  });
}

export function verifiedBlock(block: ReceivedBlock): VerifiedBlock {
  return new VerifiedBlock(
    block,
    block.transactions.map(({ bytes }) => verified(bytes)),
  );
}

export function referenceOf({ header, hash, bytes }: OpenedBlock): BlockReference {
  const { height, term, parentHash, configurationHash } = header;
  const proposerId = encodeNodeId(header.proposer);
  const byteLength = bytes.length;
  return { height, term, hash, parentHash, proposer: proposerId, configurationHash, justification: {}, byteLength };
}

/** What a queue executes when nothing else has its turn. */
export function inOneGo(queue: ExecutionQueue): Executed | undefined {
  const next = queue.next(() => true);
  if (next === 'unfinished') throw new Error('it may go on');
  return next;
}

/** What a sealer seals for this slot when nothing else has its turn. */
export function sealed(sealer: Sealer, slot: ProposalSlot): Sealed {
  const begun = sealer.begin(slot);
  if (!sealer.step(begun, () => true)) throw new Error('it may go on');
  return sealer.finish(begun, slot, false);
}
