import { AssentError, type Clock, present } from '../../../base/index.ts';
import { inclusionPath, leafHash, type VerifySignature, verifySignature } from '../../../crypto/index.ts';
import { openBlock, UnverifiedTransaction } from '../../../ledger/index.ts';
import {
  type Cosignature,
  encodeCheckpoint,
  encodeReceipt,
  type Receipt,
  type ReceiptContents,
  type ReceiptKind,
  verifyReceipt,
} from '../../../verify/index.ts';
import { type Ask, resultsMax } from '../../queries/query.ts';
import { type AccessRange, accessLogContent, proofOfLog } from './access-log.ts';
import { frameOf, headerAt } from './frame.ts';
import type { LogRanges } from './log-ranges.ts';

export interface ReceiptsOptions {
  readonly ask: Ask;
  readonly ledgerId: Uint8Array;
  readonly clock: Clock;
  readonly ranges: LogRanges;
  readonly verify?: VerifySignature;
}

/** A receipt as bytes, and the height of the block that it is about. */
export interface MadeReceipt {
  readonly kind: ReceiptKind;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/**
 * Makes receipts out of what the main thread hands out, beside it. What is given out was verified as its receiver will
 * do: a proof out of damaged data leaves the node as `storage-damaged`, and never as a receipt.
 */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly #ask: Ask;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
    this.#ask = options.ask;
  }

  /** Throws `transaction-unknown`, or as {@link frameOf}. `checkpoint`: height of what the asker has pinned. */
  async transaction(id: string, checkpoint?: number): Promise<MadeReceipt> {
    const { height, index } = await this.#ask('place', { id, timeoutMs: 0 });
    const { transactionBytes } = openBlock(await this.#ask('block', { reference: String(height) }));
    const transaction = present(transactionBytes[index], 'a receipt names a place in a block');
    const results = await this.#results(height, transactionBytes);
    const pathOf = (leaves: readonly Uint8Array[]): Uint8Array[] =>
      inclusionPath(
        leaves.map((leaf) => leafHash(leaf)),
        index,
      );
    return this.#made('transaction', height, checkpoint, async () => ({
      index,
      transaction,
      transactionPath: pathOf(transactionBytes),
      result: present(results[index], 'every transaction of a committed block has a result'),
      resultPath: pathOf(results),
    }));
  }

  /**
   * What stands under a key of the state after the newest block, or after the one at a height, or that nothing does.
   * Throws `block-unknown`, `history-not-kept`, `overloaded`.
   */
  async state(key: string, checkpoint?: number, at?: number): Promise<MadeReceipt> {
    const { height, value, proof } = await this.#ask('stateProof', { key, at });
    const { siblings, other } = proof;
    return this.#made('state', height, checkpoint, async () => ({ key, value, siblings, other }));
  }

  /** Of two blocks, the older first. Throws `block-unknown`. */
  async consistency(older: number, newer: number, checkpoint?: number): Promise<MadeReceipt> {
    return this.#made('consistency', newer, checkpoint, async () => ({
      older: await headerAt(this.#ask, older),
      inclusionPath: await this.#ask('historyPath', { height: older, above: newer }),
      consistencyPath: await this.#ask('historyConsistency', { older, newer }),
    }));
  }

  /**
   * Every entry of a subject's access log in a time, as of the newest block or of an older one. Throws `block-unknown`,
   * `history-not-kept`, `overloaded`, `receipt-too-large`.
   */
  async accessLog(range: AccessRange, checkpoint?: number): Promise<MadeReceipt> {
    return this.#options.ranges.read(async () => {
      const proved = await proofOfLog(this.#ask, range);
      return this.#made('access-log', proved.height, checkpoint, () => accessLogContent(this.#ask, range, proved));
    });
  }

  /** A block, and who cosigned it. */
  async checkpoint(height: number, cosignatures: readonly Cosignature[], checkpoint?: number): Promise<MadeReceipt> {
    return this.#made('checkpoint', height, checkpoint, async () => ({ cosignatures }));
  }

  async #made<Kind extends ReceiptKind>(
    kind: Kind,
    height: number,
    checkpoint: number | undefined,
    contentOf: () => Promise<ReceiptContents[Kind]>,
  ): Promise<MadeReceipt> {
    // First the frame: once the block is certified and applied, all that it is made of is there to be read.
    const frame = await frameOf(this.#options, height, checkpoint);
    const content = await contentOf();
    // Kind and content were paired by the caller.
    const bytes = encodeReceipt({ ...frame, kind, content } as unknown as Receipt);
    await this.#check(bytes, checkpoint);
    return { kind, height, bytes };
  }

  async #check(bytes: Uint8Array, checkpoint: number | undefined): Promise<void> {
    const { ledgerId, verify = verifySignature } = this.#options;
    const pinned =
      checkpoint === undefined
        ? { genesisHash: ledgerId }
        : { checkpoint: encodeCheckpoint(await headerAt(this.#ask, checkpoint)) };
    const verdict = verifyReceipt(bytes, pinned, verify);
    if (verdict.ok) return;
    const message = `The receipt that this node made does not hold (${verdict.message}): what it is made of is damaged.`;
    throw new AssentError('storage-damaged', message);
  }

  async #results(height: number, transactions: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const ids = transactions.map((bytes) => new UnverifiedTransaction(bytes).id);
    const results: Uint8Array[] = [];
    while (results.length < ids.length) {
      const from = results.length;
      const slice = ids.slice(from, from + resultsMax);
      results.push(...(await this.#ask('resultBytes', { height, from, ids: slice })));
    }
    return results;
  }
}
