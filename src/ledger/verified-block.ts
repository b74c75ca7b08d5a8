import { AssentError, assert, equalBytes, present } from '../base/index.ts';
import type { VerifySignature } from '../crypto/portable.ts';
import type { OpenedBlock } from './block.ts';
import { headerMessage } from './header.ts';
import type { VerifiedTransaction } from './verified-transaction.ts';

/** Throws `signature-invalid` unless the header is signed by the proposer that it names. */
export function checkHeaderSignature(
  parts: Pick<OpenedBlock, 'header' | 'headerBytes' | 'headerSignature'>,
  ledgerId: Uint8Array,
  verify: VerifySignature,
): void {
  if (!verify(parts.header.proposer, headerMessage(ledgerId, parts.headerBytes), parts.headerSignature)) {
    throw new AssentError(
      'signature-invalid',
      `the header of block ${parts.header.height} is not signed by its proposer`,
    );
  }
}

/** A block whose transactions' signatures are verified. Its header's is checked on arrival, before consensus sees it. */
export class VerifiedBlock {
  readonly received: OpenedBlock;
  readonly transactions: readonly VerifiedTransaction[];

  /** `transactions` are those of `received`, verified: the same signed bytes, in their order. */
  constructor(received: OpenedBlock, transactions: readonly VerifiedTransaction[]) {
    assert(transactions.length === received.transactionBytes.length, 'every transaction of the block was verified');
    for (const [index, transaction] of transactions.entries()) {
      const bytes = present(received.transactionBytes[index], 'as many');
      assert(transaction.bytes === bytes || equalBytes(transaction.bytes, bytes), "the block's, in its order");
    }
    this.received = received;
    this.transactions = transactions;
  }
}
