import { describe, expect, it, onTestFinished } from 'vitest';
import { transactionMediaType } from '../../../src/api/index.ts';
import { AssentError, InvariantError, silentLogger } from '../../../src/base/index.ts';
import { createSigner, generateSeed, sha256 } from '../../../src/crypto/index.ts';
import {
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
  UnverifiedTransaction,
} from '../../../src/ledger/index.ts';
import { parseConfig } from '../../../src/node/index.ts';
import type { Asked } from '../../../src/node/queries/query.ts';
import { Asking } from '../../../src/node/threads/asking.ts';
import { HttpThread, type HttpThreadOptions } from '../../../src/node/threads/http-thread.ts';
import { LeaseCell } from '../../../src/node/threads/lease-cell.ts';
import type { QueryMessage } from '../../../src/node/threads/messages.ts';
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
  function start(answers: Partial<Pick<HttpThreadOptions, 'asked' | 'readPoint'>> = {}): {
    thread: HttpThread;
    fault: Promise<Error>;
  } {
    const fault = Promise.withResolvers<Error>();
    const { limits } = parseConfig('{}', 'node.json');
    const thread = new HttpThread({
      data: {
        listen: { host: '127.0.0.1', port: 0 },
        limits,
        ledgerId: new Uint8Array(3),
        version: '1.2.3',
        questionsMax: 64,
        lease: new LeaseCell().buffer,
      },
      logger: silentLogger,
      onSubmission: () => expect.unreachable(),
      asked: {} as never,
      readPoint: () => Promise.reject(new InvariantError('nothing is read')),
      ...answers,
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

  it('reads by questions of which the first waits until the ledger may be read, and the others do not', async () => {
    const asked: string[] = [];
    const readPoint: HttpThreadOptions['readPoint'] = async (consistency) => {
      asked.push(consistency);
      await new Promise(setImmediate);
      asked.push('may read');
      return { height: 7, timestamp: 1_700_000_000_123 };
    };
    const answers: Pick<Asked, 'domainNames' | 'domain'> = {
      domainNames() {
        asked.push('names');
        return ['north', 'south'];
      },
      domain({ name }) {
        asked.push(name);
        if (asked.length > 5) throw new AssentError('not-found', `There is no ${name}.`);
        return { name, custodian: name, policy: {} };
      },
    };
    const { thread } = start({ asked: answers as Asked, readPoint });
    const url = `http://127.0.0.1:${await thread.listening()}`;
    const whole = await fetch(`${url}/v1/domains`);
    expect([whole.status, whole.headers.get('assent-applied-height')]).toEqual([200, '7']);
    expect(asked).toEqual(['linearizable', 'may read', 'names', 'north', 'south']);
    const refused = await fetch(`${url}/v1/domains/east?consistency=local`);
    expect([refused.status, refused.headers.get('assent-applied-height')]).toEqual([404, '7']);
    expect(asked.slice(5)).toEqual(['local', 'may read', 'east']);
  });

  it('asks nothing of a ledger that may not be read', async () => {
    const { thread } = start({
      asked: { domainNames: () => expect.unreachable() } as never,
      readPoint: () => Promise.reject(new AssentError('no-quorum', 'No leader confirmed it.')),
    });
    const response = await fetch(`http://127.0.0.1:${await thread.listening()}/v1/domains`);
    expect([response.status, response.headers.get('assent-applied-height')]).toEqual([503, null]);
  });
});

describe('questions of one request', () => {
  it('wait each for the read point until an answer has brought it', async () => {
    const sent: QueryMessage[] = [];
    const asking = new Asking(10, (message) => sent.push(message));
    const reading = asking.read('local');
    const first = [reading.ask('bounds', {}), reading.ask('bounds', {})];
    asking.answer({ type: 'answer', call: 1, readPoint: { height: 2, timestamp: 9 }, value: 'second' });
    asking.answer({ type: 'answer', call: 0, readPoint: { height: 3, timestamp: 9 }, value: 'first' });
    expect(await Promise.all(first)).toEqual(['first', 'second']);
    expect(reading.readPoint).toEqual({ height: 2, timestamp: 9 });
    void reading.ask('bounds', {});
    void asking.ask('bounds', {});
    expect(sent.map(({ consistency }) => consistency)).toEqual(['local', 'local', undefined, undefined]);
  });
});
