import { describe, expect, it } from 'vitest';
import type { OutcomeView } from '../../../src/api/index.ts';
import type { Submission } from '../../../src/api/server/index.ts';
import { AssentError, toHex } from '../../../src/base/index.ts';
import { createSigner, generateSeed, type Signer, sha256, verifySignature } from '../../../src/crypto/index.ts';
import {
  encodeCanonical,
  encodeSignedTransaction,
  encodeTransactionBody,
  ledgerLimits,
  type Receipt,
  transactionMessage,
  UnverifiedTransaction,
} from '../../../src/ledger/index.ts';
import { packResult } from '../../../src/node/ingress/packed-result.ts';
import { Submissions, type SubmissionsOptions } from '../../../src/node/ingress/submissions.ts';
import { Settling } from '../../../src/node/service/settling.ts';
import type { GiveUpMessage, SubmitMessage } from '../../../src/node/threads/messages.ts';

const ledgerId = sha256(Uint8Array.of(1));
const signer = createSigner(generateSeed());

function transaction(by: Signer = signer, kind = 'note', length = 0): UnverifiedTransaction {
  const salt = generateSeed().subarray(0, 16);
  const payload = [new Uint8Array(length)];
  const body = encodeTransactionBody({ kind, sender: signer.publicKey, salt, validUntil: 1, payload });
  return new UnverifiedTransaction(encodeSignedTransaction(body, by.sign(transactionMessage(ledgerId, body))));
}

interface Desk {
  readonly submissions: Submissions;
  readonly sent: (SubmitMessage | GiveUpMessage)[];
  submit(body: Uint8Array, options?: Partial<Submission>): Promise<readonly OutcomeView[]>;
}

function desk(options: Partial<SubmissionsOptions> = {}): Desk {
  const sent: (SubmitMessage | GiveUpMessage)[] = [];
  const submissions = new Submissions({
    ledgerId,
    forms: { kinds: new Set(['note', 'notes']), largeKinds: new Set(['notes']), checkPayload: () => undefined },
    verify: verifySignature,
    askSigners: async ({ transactions }) => transactions.map(({ sender }) => ({ key: sender })),
    outputToJson: (kind, output) => (output === null ? null : `${kind} ${String(output)}`),
    countMax: 100,
    bytesMax: 100_000,
    send: (message) => sent.push(message),
    ...options,
  });
  const submit: Desk['submit'] = (body, given) =>
    new Promise((resolve) => {
      submissions.submit({ body, batched: false, wait: 'committed', timeoutMs: 60_000, ...given }, resolve);
    });
  return { submissions, sent, submit };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function receiptOf({ id }: UnverifiedTransaction, index: number, result: Receipt['result']): Receipt {
  return { id, height: 7, index, timestamp: 1234, blockHash: ledgerId, result };
}

function batchOf(transactions: readonly UnverifiedTransaction[]): Uint8Array {
  return encodeCanonical(transactions.map(({ bytes }) => bytes));
}

describe('submissions', () => {
  it('of one turn reach the main thread as one message, bytes unchanged', async () => {
    const { submit, sent } = desk();
    const transactions = [transaction(), transaction(), transaction()];
    for (const { bytes } of transactions) void submit(bytes);
    await turn();
    expect(sent).toHaveLength(1);
    const message = sent[0] as SubmitMessage;
    expect(message).toMatchObject({ type: 'submit', firstTicket: 0 });
    expect([...message.lengths]).toEqual(transactions.map(({ bytes }) => bytes.length));
    expect(toHex(message.bytes)).toBe(transactions.map(({ bytes }) => toHex(bytes)).join(''));
  });

  it('may be larger than others only where their kind is a batch', async () => {
    const { submit, sent } = desk({ bytesMax: 1_000_000 });
    const length = ledgerLimits.transactionBytesMax;
    const [refused] = await submit(transaction(signer, 'note', length).bytes);
    expect(refused).toMatchObject({ status: 'refused', error: { code: 'transaction-too-large' } });
    void submit(transaction(signer, 'notes', length).bytes);
    await turn();
    expect(sent).toHaveLength(1);
  });

  it('are split where one message would hold the main thread for long', async () => {
    const { submit, sent } = desk({ countMax: 1000, bytesMax: 1_000_000 });
    for (let count = 0; count < 300; count++) void submit(transaction().bytes);
    await turn();
    const messages = sent as SubmitMessage[];
    expect(messages.map(({ firstTicket, lengths }) => [firstTicket, lengths.length])).toEqual([
      [0, 128],
      [128, 128],
      [256, 44],
    ]);
  });

  it('get their receipts back, results and refusals in their places', async () => {
    const { submissions, submit } = desk();
    const [first, second] = [transaction(), transaction()];
    const waiting = submit(batchOf([first, second]), { batched: true });
    await turn();
    const settling = new Settling();
    settling.committed(
      1,
      receiptOf(second, 4, { ok: false, code: 'not-allowed', rule: 'may', sentence: 'You may not.' }),
    );
    settling.committed(0, receiptOf(first, 5, { ok: true, output: 'done' }));
    submissions.settle(settling.take());
    const place = { height: 7, timestamp: 1234, blockHash: toHex(ledgerId) };
    expect(await waiting).toEqual([
      {
        id: first.idHex,
        status: 'committed',
        receipt: { id: first.idHex, index: 5, ...place, result: { ok: true, output: 'note done' } },
      },
      {
        id: second.idHex,
        status: 'committed',
        receipt: {
          id: second.idHex,
          index: 4,
          ...place,
          result: { ok: false, code: 'not-allowed', rule: 'may', sentence: 'You may not.' },
        },
      },
    ]);
    expect(submissions.outstanding).toBe(0);
  });

  it('of long batches are checked a few a turn, all batches together, and passed on in groups', async () => {
    let checks = 0;
    const { submissions, submit, sent } = desk({
      countMax: 1000,
      bytesMax: 1_000_000,
      verify: (...claim) => {
        checks += 1;
        return verifySignature(...claim);
      },
    });
    const batches = [0, 1, 2].map(() => Array.from({ length: 100 }, () => transaction()));
    for (const batch of batches) void submit(batchOf(batch), { batched: true });
    void submit(transaction().bytes);
    expect(checks).toBe(1);
    let most = 0;
    for (let before = checks; checks < 301; before = checks) {
      await turn();
      most = Math.max(most, checks - before);
    }
    expect(most).toBe(8);
    await turn();
    const messages = sent as SubmitMessage[];
    const lengths = messages.map((message) => message.lengths.length);
    expect(lengths).toEqual([1, 32, 32, 32, 32, 32, 32, 32, 32, 32, 4, 4, 4]);
    const [first = []] = batches;
    const passed = messages.flatMap(({ bytes }) => toHex(bytes));
    expect(passed.join('')).toContain(
      first
        .slice(0, 32)
        .map(({ bytes }) => toHex(bytes))
        .join(''),
    );
    expect(passed.at(-3)).toBe(
      first
        .slice(96)
        .map(({ bytes }) => toHex(bytes))
        .join(''),
    );
    expect(submissions.outstanding).toBe(301);
  });

  it('that are long are read one a turn', async () => {
    const { submit, sent } = desk({ bytesMax: 1_000_000 });
    const long = [0, 1, 2].map(() => transaction(signer, 'notes', 20_000));
    void submit(batchOf(long), { batched: true });
    let checks = 0;
    for (; sent.length === 0; checks++) await turn();
    expect(checks).toBeGreaterThan(long.length);
  });

  it('of a long block are settled a few a turn, of a short one at once', async () => {
    const { submissions, submit, sent } = desk();
    const transactions = Array.from({ length: 100 }, () => transaction());
    const waiting = submit(batchOf(transactions), { batched: true });
    while (sent.length < 4) await turn();
    const settling = new Settling();
    const settle = (first: number, count: number): void => {
      for (let ticket = first; ticket < first + count; ticket++)
        settling.committed(ticket, receiptOf(transaction(), ticket, { ok: true, output: ticket }));
      submissions.settle(settling.take());
    };
    settle(90, 10);
    expect(submissions.outstanding).toBe(90);
    settle(0, 90);
    const left: number[] = [];
    for (; submissions.outstanding > 0; await turn()) left.push(submissions.outstanding);
    expect(left.filter((count, place) => count !== left[place - 1])).toEqual([90, 58, 26]);
    const outcomes = await waiting;
    expect(outcomes.map(({ receipt }) => receipt?.result)).toEqual(
      transactions.map((_, place) => ({ ok: true, output: `note ${place}` })),
    );
  });

  it('beyond a bound are refused as a whole', async () => {
    const { submissions, submit } = desk({ countMax: 2 });
    void submit(transaction().bytes);
    void submit(transaction().bytes);
    await expect(submit(transaction().bytes)).rejects.toMatchObject({ code: 'overloaded' });
    await turn();
    submissions.settle({ type: 'settled', blocks: [], accepted: [0], refused: [] });
    void submit(transaction().bytes);
    expect(submissions.outstanding).toBe(2);
    const { submit: submitBytes } = desk({ bytesMax: 100 });
    await expect(submitBytes(transaction().bytes)).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('count with all their bytes until they have an outcome, also while they wait to be checked', async () => {
    const { submit, submissions, sent } = desk({ bytesMax: 15_000 });
    const foreign = batchOf(Array.from({ length: 10 }, () => transaction(signer, 'poem', 1000)));
    const known = batchOf(Array.from({ length: 10 }, () => transaction(signer, 'note', 1000)));
    const waiting = submit(foreign, { batched: true });
    await expect(submit(known, { batched: true })).rejects.toMatchObject({ code: 'overloaded' });
    for (const outcome of await waiting) expect(outcome.error?.code).toBe('transaction-kind-unknown');
    const taken = submit(known, { batched: true });
    while (sent.length === 0) await turn();
    await expect(submit(foreign, { batched: true })).rejects.toMatchObject({ code: 'overloaded' });
    const accepted = Array.from({ length: 10 }, (_, ticket) => ticket);
    submissions.settle({ type: 'settled', blocks: [], accepted, refused: [] });
    expect(await taken).toHaveLength(10);
    expect(await submit(foreign, { batched: true })).toHaveLength(10);
  });

  it('whose time is up are settled by what the main thread knows for certain', async () => {
    const { submissions, submit, sent } = desk();
    const [lost, nowhere] = [transaction(), transaction()];
    const waiting = submit(batchOf([lost, nowhere]), { batched: true, timeoutMs: 1 });
    while (sent.length < 2) await turn();
    expect(sent[1]).toEqual({ type: 'give-up', tickets: [0, 1] });
    submissions.settle({
      type: 'settled',
      blocks: [],
      accepted: [],
      refused: [
        { ticket: 0, code: 'outcome-unknown', message: 'Not seen.' },
        { ticket: 1, code: 'no-quorum', message: 'Nothing happened.' },
      ],
    });
    expect(await waiting).toMatchObject([
      { id: lost.idHex, status: 'unknown', error: { code: 'outcome-unknown' } },
      { id: nowhere.idHex, status: 'refused', error: { code: 'no-quorum', message: 'Nothing happened.' } },
    ]);
  });

  it('whose time is up before their turn are not looked at any more', async () => {
    let checks = 0;
    const { submissions, submit, sent } = desk({
      verify: (...claim) => {
        checks += 1;
        // After the first group its time is up, while others of it are checked and not passed on.
        if (checks === 40) submissions.close(0);
        const endMs = performance.now() + (checks < 40 ? 0 : 1);
        while (performance.now() < endMs);
        return verifySignature(...claim);
      },
    });
    const waiting = submit(batchOf(Array.from({ length: 100 }, () => transaction())), { batched: true });
    while (sent.length < 2) await turn();
    expect((sent[0] as SubmitMessage).lengths).toHaveLength(32);
    const tickets = Array.from({ length: 32 }, (_, ticket) => ticket);
    expect(sent[1]).toEqual({ type: 'give-up', tickets });
    const refused = tickets.map((ticket) => ({ ticket, code: 'outcome-unknown', message: 'Not seen.' }) as const);
    submissions.settle({ type: 'settled', blocks: [], accepted: [], refused });
    const outcomes = await waiting;
    expect(sent).toHaveLength(2);
    expect(checks).toBeLessThan(64);
    expect(outcomes.filter(({ status }) => status === 'unknown')).toHaveLength(32);
    expect(outcomes[32]).toMatchObject({ status: 'refused', error: { code: 'overloaded' } });
    expect(outcomes.at(-1)).toMatchObject({ status: 'refused', error: { code: 'overloaded' } });
    expect(submissions.outstanding).toBe(0);
  });

  it('are not taken while the node stops; those before are given up in time', async () => {
    const { submissions, submit, sent } = desk();
    void submit(transaction().bytes);
    submissions.close(1);
    await expect(submit(transaction().bytes)).rejects.toMatchObject({ code: 'shutting-down' });
    while (sent.length < 2) await turn();
    expect(sent[1]).toEqual({ type: 'give-up', tickets: [0] });
  });

  describe('of a sender whose key has changed', () => {
    const newSigner = createSigner(generateSeed());
    const stranger = createSigner(generateSeed());
    /** A main thread that knows the new key, and counts how often it is asked. */
    function changed(): Desk & { asked(): number } {
      let asked = 0;
      const made = desk({
        async askSigners({ transactions }) {
          asked += 1;
          return transactions.map(() => ({ key: newSigner.publicKey }));
        },
      });
      return { ...made, asked: () => asked };
    }
    const keysOf = (sent: Desk['sent']) => sent.map((message) => toHex((message as SubmitMessage).keys));

    it('are passed on with the key that signed; the main thread is asked for it once', async () => {
      const { submit, sent, submissions, asked } = changed();
      void submit(batchOf([transaction(newSigner), transaction(newSigner)]), { batched: true });
      expect(submissions.outstanding).toBe(2);
      while (sent.length === 0) await turn();
      void submit(transaction(newSigner).bytes);
      while (sent.length === 1) await turn();
      const key = toHex(newSigner.publicKey);
      expect(keysOf(sent)).toEqual([key + key, key]);
      expect(asked()).toBe(1);
    });

    it('are refused under the former key, once the new one is known, and under a key that it never had', async () => {
      const { submit, sent } = changed();
      void submit(transaction(newSigner).bytes);
      while (sent.length === 0) await turn();
      expect(await submit(transaction(signer).bytes)).toMatchObject([{ error: { code: 'key-not-current' } }]);
      expect(await submit(transaction(stranger).bytes)).toMatchObject([{ error: { code: 'signature-invalid' } }]);
      expect(sent).toHaveLength(1);
    });

    it('are judged a few a turn', async () => {
      let checks = 0;
      const { submit } = desk({
        verify: (...claim) => {
          checks += 1;
          return verifySignature(...claim);
        },
      });
      const forged = Array.from({ length: 30 }, () => transaction(stranger));
      const waiting = submit(batchOf(forged), { batched: true });
      // One each before the main thread is asked, and two each after it.
      let most = 0;
      for (let before = checks; checks < 90; before = checks) {
        await turn();
        most = Math.max(most, checks - before);
      }
      expect(most).toBe(8);
      for (const outcome of await waiting) expect(outcome).toMatchObject({ error: { code: 'signature-invalid' } });
    });

    it('get the receipt of what was executed before, whichever key had signed', async () => {
      const executed = transaction(stranger);
      const result = packResult({ ok: true, output: 'done' });
      const place = { height: 7, index: 1, timestamp: 1234, blockHash: toHex(ledgerId), result };
      const { submit, submissions } = desk({
        askSigners: async ({ transactions }) => transactions.map(() => ({ key: newSigner.publicKey, place })),
      });
      expect(await submit(executed.bytes)).toMatchObject([
        { id: executed.idHex, status: 'committed', receipt: { height: 7, result: { ok: true, output: 'note done' } } },
      ]);
      expect(submissions.outstanding).toBe(0);
    });

    it('are refused as the main thread says when it cannot tell, and leave nothing behind', async () => {
      const { submit, submissions } = desk({
        askSigners: () => Promise.reject(new AssentError('no-quorum', 'Nobody leads.')),
        bytesMax: 400,
      });
      for (let round = 0; round < 3; round++)
        expect(await submit(transaction(stranger).bytes)).toMatchObject([{ error: { code: 'no-quorum' } }]);
      expect(submissions.outstanding).toBe(0);
    });
  });
});
