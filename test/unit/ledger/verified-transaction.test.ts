import { expect, it } from 'vitest';
import { createSigner, generateSeed } from '../../../src/crypto/index.ts';
import {
  encodeSignedTransaction,
  encodeTransactionBody,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../src/ledger/index.ts';

const { publicKey: sender } = createSigner(generateSeed());

function transactionWith(payload: readonly Uint8Array[]): VerifiedTransaction {
  const body = encodeTransactionBody({ kind: 'a', sender, salt: new Uint8Array(16), validUntil: 1, payload });
  const bytes = encodeSignedTransaction(body, new Uint8Array(64));
  return VerifiedTransaction.vouchedFor(new UnverifiedTransaction(bytes), sender);
}

it('a transaction has its payload, however long and whichever was looked at before', () => {
  const payloads = [1, 100, 5000, 9000, 100_000].map((size) => [
    new Uint8Array(size).fill(size & 0xff),
    Uint8Array.of(7),
  ]);
  const transactions = payloads.map(transactionWith);
  for (const order of [transactions, transactions.toReversed(), transactions])
    for (const transaction of order) expect(transaction.payload).toEqual(payloads[transactions.indexOf(transaction)]);
});
