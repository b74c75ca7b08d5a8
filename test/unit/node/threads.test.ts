import { describe, expect, it, onTestFinished } from 'vitest';
import { transactionMediaType } from '../../../src/api/index.ts';
import { silentLogger } from '../../../src/base/index.ts';
import { createSigner, generateSeed, sha256 } from '../../../src/crypto/index.ts';
import {
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
  UnverifiedTransaction,
} from '../../../src/ledger/index.ts';
import { parseConfig } from '../../../src/node/index.ts';
import { HttpThread } from '../../../src/node/threads/http-thread.ts';
import { VerifyThread } from '../../../src/node/threads/verify-thread.ts';

const ledgerId = sha256(Uint8Array.of(1));
const signer = createSigner(generateSeed());

function transaction(payload: readonly never[] = []): UnverifiedTransaction {
  const salt = generateSeed().subarray(0, 16);
  const validUntil = 1;
  const body = encodeTransactionBody({ kind: 'note', sender: signer.publicKey, salt, validUntil, payload });
  return new UnverifiedTransaction(encodeSignedTransaction(body, signer.sign(transactionMessage(ledgerId, body))));
}

function verified(
  thread: VerifyThread,
  transactions: readonly UnverifiedTransaction[],
  key: Uint8Array,
): Promise<readonly boolean[]> {
  return new Promise((resolve) => {
    thread.verify(
      transactions,
      transactions.map(() => key),
      resolve,
    );
  });
}

describe('verification thread', () => {
  it('tells valid from invalid signatures, each question in its turn', async () => {
    const thread = new VerifyThread(ledgerId, (error) => expect.unreachable(error.message));
    onTestFinished(() => thread.stop());
    const stranger = createSigner(generateSeed()).publicKey;
    const broken = transaction();
    broken.signature[3] = (broken.signature[3] ?? 0) ^ 1;
    const answers = await Promise.all([
      verified(thread, [transaction(), broken, transaction()], signer.publicKey),
      verified(thread, [transaction()], stranger),
      verified(thread, [transaction(), transaction()], signer.publicKey),
    ]);
    expect(answers).toEqual([[true, false, true], [false], [true, true]]);
    expect(thread.queued).toBe(0);
  });

  it('checks one or two at once while nothing waits, with the same verdicts', async () => {
    const thread = new VerifyThread(ledgerId, (error) => expect.unreachable(error.message));
    onTestFinished(() => thread.stop());
    const broken = transaction();
    broken.signature[3] = (broken.signature[3] ?? 0) ^ 1;
    expect(await verified(thread, [transaction(), broken], signer.publicKey)).toEqual([true, false]);
    const order: string[] = [];
    const many = verified(thread, [transaction(), transaction(), broken], signer.publicKey).then(() =>
      order.push('many'),
    );
    const one = verified(thread, [transaction()], signer.publicKey).then(() => order.push('one'));
    await Promise.all([many, one]);
    expect(order).toEqual(['many', 'one']);
  });

  it('reports its death', async () => {
    const died = Promise.withResolvers<Error>();
    const thread = new VerifyThread(new Uint8Array(3), died.resolve);
    onTestFinished(() => thread.stop());
    void verified(thread, [transaction(), transaction(), transaction()], signer.publicKey);
    expect((await died.promise).message).toContain('a ledger id is a hash');
  });
});

describe('HTTP thread', () => {
  function start(): { thread: HttpThread; fault: Promise<Error> } {
    const fault = Promise.withResolvers<Error>();
    const { limits } = parseConfig('{}', 'node.json');
    const thread = new HttpThread({
      data: { listen: { host: '127.0.0.1', port: 0 }, limits, ledgerId: new Uint8Array(3), version: '1.2.3' },
      logger: silentLogger,
      onSubmission: () => expect.unreachable(),
      asked: {} as never,
      onFault: fault.resolve,
    });
    onTestFinished(() => thread.stop(100));
    return { thread, fault: fault.promise };
  }

  it('reports a broken invariant on its side', async () => {
    const { thread, fault } = start();
    const url = `http://127.0.0.1:${await thread.listening()}/v1/transactions`;
    const salt = generateSeed().subarray(0, 16);
    const body = encodeTransactionBody({
      kind: 'credential.revoke',
      sender: signer.publicKey,
      salt,
      validUntil: 1,
      payload: [1, generateSeed()],
    });
    const bytes = Uint8Array.from(encodeSignedTransaction(body, new Uint8Array(64)));
    const headers = { 'content-type': transactionMediaType };
    const answer = fetch(url, { method: 'POST', body: bytes, headers }).catch(() => undefined);
    expect((await fault).message).toContain('a ledger id is a hash');
    expect([500, undefined]).toContain((await answer)?.status);
  });

  it('reports a question that the main thread has a bug in', async () => {
    const { thread, fault } = start();
    const response = await fetch(`http://127.0.0.1:${await thread.listening()}/v1/status`);
    expect(response.status).toBe(500);
    expect((await fault).message).toContain('not a function');
  });
});
