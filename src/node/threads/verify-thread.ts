import { Worker } from 'node:worker_threads';
import { present } from '../../base/index.ts';
import { verifySignature } from '../../crypto/index.ts';
import { transactionMessage, type UnverifiedTransaction } from '../../ledger/index.ts';
import type { VerifyAnswer, VerifyQuestion, VerifyThreadData } from './verify-messages.ts';
import { workerFile } from './worker-file.ts';

/** So few signatures, about 50 µs each, are checked sooner than the thread is woken. */
const checkedHereMax = 2;

/** What somebody signed, whole, with the key that is to verify it. */
export interface SignedMessage {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The thread that checks signatures. What waits for it is bounded by who asks: the blocks between received and executed. */
export class VerifyThread {
  readonly #worker: Worker;
  readonly #ledgerId: Uint8Array;
  readonly #waiting: ((valid: readonly boolean[]) => void)[] = [];
  #signatures = 0;

  /** `onFault` is told when the thread dies: the node cannot go on. */
  constructor(ledgerId: Uint8Array, onFault: (error: Error) => void) {
    this.#ledgerId = ledgerId;
    const workerData: VerifyThreadData = { ledgerId };
    this.#worker = new Worker(workerFile('verify-worker', import.meta.url), {
      workerData,
      name: 'verify',
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    });
    this.#worker.on('message', (answer: VerifyAnswer) => this.#answer(answer));
    this.#worker.on('error', onFault);
  }

  /** Signatures without an answer. */
  get queued(): number {
    return this.#signatures;
  }

  /** Checks each transaction's signature under the key beside it. Answers come in the order of the calls. */
  readonly verify = (
    transactions: readonly UnverifiedTransaction[],
    keys: readonly Uint8Array[],
    done: (valid: readonly boolean[]) => void,
  ): void => {
    if (transactions.length <= checkedHereMax && this.#waiting.length === 0) {
      done(transactions.map((transaction, index) => this.#check(transaction, keys[index])));
      return;
    }
    const parts = transactions.flatMap(({ signature, body }, index) => [keyAt(keys, index), signature, body]);
    this.#ask(parts, true, done);
  };

  /** Checks signatures over whole messages, with keys and signatures of the right length. Answers come in the same order. */
  verifySigned(signed: readonly SignedMessage[], done: (valid: readonly boolean[]) => void): void {
    const parts = signed.flatMap(({ publicKey, signature, message }) => [publicKey, signature, message]);
    this.#ask(parts, false, done);
  }

  #ask(parts: readonly Uint8Array[], areBodies: boolean, done: (valid: readonly boolean[]) => void): void {
    const question = questionOf(parts, areBodies);
    this.#waiting.push(done);
    this.#signatures += question.lengths.length;
    this.#worker.postMessage(question, [question.bytes.buffer, question.lengths.buffer]);
  }

  async stop(): Promise<void> {
    this.#waiting.length = 0;
    await this.#worker.terminate();
  }

  #check({ body, signature }: UnverifiedTransaction, key: Uint8Array | undefined): boolean {
    const signer = present(key, 'a key for each transaction');
    return verifySignature(signer, transactionMessage(this.#ledgerId, body), signature);
  }

  #answer(answer: VerifyAnswer): void {
    const done = this.#waiting.shift();
    this.#signatures -= answer.length;
    done?.(Array.from(answer, (byte) => byte === 1));
  }
}

function keyAt(keys: readonly Uint8Array[], index: number): Uint8Array {
  return present(keys[index], 'a key for each transaction');
}

/** Three parts a signature. */
function questionOf(parts: readonly Uint8Array[], areBodies: boolean): VerifyQuestion {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const lengths = new Uint32Array(parts.length / 3);
  let offset = 0;
  for (const [place, part] of parts.entries()) {
    bytes.set(part, offset);
    offset += part.length;
    lengths[Math.floor(place / 3)] = (lengths[Math.floor(place / 3)] ?? 0) + part.length;
  }
  return { bytes, lengths, areBodies };
}
