import { expect, it, onTestFinished } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import { createSigner, generateSeed } from '../../../../src/crypto/index.ts';
import {
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
  UnverifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { groupSignatures, SignaturePool } from '../../../../src/node/audit/signatures.ts';

const ledgerId = generateSeed();
const [own, other] = [createSigner(generateSeed()), createSigner(generateSeed())];

function signed(signer = own): UnverifiedTransaction {
  const body = encodeTransactionBody({
    kind: 'a.kind',
    sender: own.publicKey,
    salt: generateSeed().slice(0, 16),
    validUntil: 1,
    payload: null,
  });
  return new UnverifiedTransaction(encodeSignedTransaction(body, signer.sign(transactionMessage(ledgerId, body))));
}

it('says of each signature under which key it verified, on threads and in order', async () => {
  const pool = new SignaturePool(ledgerId, 2);
  onTestFinished(() => pool.stop());
  const blocks = Array.from({ length: 8 }, (_, block) =>
    Array.from({ length: groupSignatures / 4 }, (_, index) => signed(index === block ? other : own)),
  );
  const answers = blocks.map((block) =>
    pool.check(
      block,
      block.map(() => own.publicKey),
    ),
  );
  for (const [place, answer] of (await Promise.all(answers)).entries()) {
    expect(answer.map(({ idHex }) => idHex)).toEqual(blocks[place]?.map(({ idHex }) => idHex));
    // The one by another key has no verdict yet: it counts when that key turns out to be current.
    expect(answer.map(({ verifiedKey }) => verifiedKey !== undefined)).toEqual(
      answer.map((_, index) => index !== place),
    );
    const open = present(answer[place], 'the one by another key');
    expect([open.isSignedBy(own.publicKey), open.isSignedBy(other.publicKey)]).toEqual([false, true]);
    expect(answer.every((one, index) => index === place || one.isSignedBy(own.publicKey))).toBe(true);
  }
});

it('waits for no group that does not fill', async () => {
  const pool = new SignaturePool(ledgerId, 1);
  onTestFinished(() => pool.stop());
  const answer = pool.check([signed(), signed(other)], [own.publicKey, own.publicKey]);
  pool.flush();
  expect((await answer).map((one) => one.isSignedBy(own.publicKey))).toEqual([true, false]);
});
