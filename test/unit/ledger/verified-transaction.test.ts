import { expect, it } from 'vitest';
import { AssentError } from '../../../src/base/index.ts';
import { createSigner, generateSeed } from '../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  encodeSignedTransaction,
  encodeTransactionBody,
  ledgerLimits,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../src/ledger/index.ts';

const { publicKey: sender } = createSigner(generateSeed());

function signed(payload: readonly CanonicalValue[]): Uint8Array {
  const body = encodeTransactionBody({ kind: 'a', sender, salt: new Uint8Array(16), validUntil: 1, payload });
  return encodeSignedTransaction(body, new Uint8Array(64));
}

it('a transaction has its payload, however long and whichever was looked at before', () => {
  const payloads = [1, 100, 5000, 9000, 100_000].map((size) => [
    new Uint8Array(size).fill(size & 0xff),
    Uint8Array.of(7),
  ]);
  const read = payloads.map((payload) => new UnverifiedTransaction(signed(payload)));
  for (const [index, { payload }] of read.entries()) expect(payload).toEqual(payloads[index]);
  const transactions = read.map((transaction) => VerifiedTransaction.vouchedFor(transaction, sender));
  for (const order of [transactions, transactions.toReversed(), transactions])
    for (const transaction of order) expect(transaction.payload).toEqual(payloads[transactions.indexOf(transaction)]);
});

it('of a payload that is not kept, every byte is checked when the transaction is read', () => {
  for (const size of [100, 100_000]) {
    const payload = [new Uint8Array(size), [['deep', 200, [true]]]];
    const bytes = signed(payload);
    expect(new UnverifiedTransaction(bytes).payload).toEqual(payload);
    const deep = Buffer.from(bytes).indexOf('deep') + 4;
    const said = (at: number, byte: number): unknown => {
      const changed = bytes.with(at, byte);
      try {
        return new UnverifiedTransaction(changed).idHex;
      } catch (error) {
        return error instanceof AssentError ? error.code : error;
      }
    };
    // 200 takes two bytes, and 100 in them one too many.
    expect(said(deep + 1, 100)).toBe('encoding-invalid');
    expect(said(deep - 5, 0xa5)).toBe('encoding-invalid');
    expect(said(deep + 3, 0xc1)).toBe('encoding-invalid');
  }
  const tooMany = signed([new Uint8Array(10_000), new Array<null>(ledgerLimits.transactionValuesMax).fill(null)]);
  expect(() => new UnverifiedTransaction(tooMany)).toThrow(expect.objectContaining({ code: 'encoding-too-large' }));
});
