import { Worker } from 'node:worker_threads';
import type { Consistency, ReadPoint } from '../../api/index.ts';
import { AssentError, InvariantError, type Logger, messageOf, unreachable } from '../../base/index.ts';
import type { StateNews } from '../known-state/index.ts';
import type { Asked, QueryKind } from '../queries/query.ts';
import type {
  AnswerMessage,
  GiveUpMessage,
  HttpThreadData,
  QueryMessage,
  SettledMessage,
  SubmitMessage,
  ToHttpThread,
  ToMain,
} from './messages.ts';
import { workerFile } from './worker-file.ts';

/** As the system shows it. */
export const httpThreadName = 'http';

export interface HttpThreadOptions {
  readonly data: HttpThreadData;
  readonly logger: Logger;
  readonly onSubmission: (message: SubmitMessage | GiveUpMessage) => void;
  /** Answers questions. What it fails with must be an AssentError, or it is a bug. */
  readonly asked: Asked;
  /** Resolves when the ledger may be read with this consistency, for a question of this kind. Fails as `asked` does. */
  readonly readPoint: (consistency: Consistency, kind: QueryKind) => Promise<ReadPoint>;
  /** Told when the thread dies or a broken invariant comes to light: the node cannot go on. */
  readonly onFault: (error: Error) => void;
}

/** The main thread's side of the HTTP thread. */
export class HttpThread {
  readonly #options: HttpThreadOptions;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #started: { resolve: (port: number) => void; reject: (error: Error) => void } | undefined;
  #isStopping = false;

  constructor(options: HttpThreadOptions) {
    this.#options = options;
    const file = workerFile('http-worker', import.meta.url);
    this.#worker = new Worker(file, {
      workerData: options.data,
      name: httpThreadName,
      resourceLimits: { maxYoungGenerationSizeMb: 12 },
    });
    this.#worker.on('message', (message: ToMain) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fault(error instanceof Error ? error : new Error(messageOf(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        if (!this.#isStopping) this.#fault(new InvariantError('the HTTP thread ended by itself'));
        resolve();
      });
    });
  }

  /** Resolves with the port when the server listens. Rejects with `port-in-use` or `address-refused`. */
  listening(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
    });
  }

  settle(message: SettledMessage): void {
    this.#send(message);
  }

  tell(news: StateNews): void {
    this.#send(news);
  }

  /** Takes no more requests; resolves when those under way are answered, or after `deadlineMs`. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    this.#send({ type: 'close', deadlineMs });
    const deadline = setTimeout(() => void this.#worker.terminate(), deadlineMs + 250);
    await this.#exited;
    clearTimeout(deadline);
  }

  #send(message: ToHttpThread): void {
    this.#worker.postMessage(message);
  }

  #receive(message: ToMain): void {
    const { type } = message;
    if (type === 'submit' || type === 'give-up') this.#options.onSubmission(message);
    else if (type === 'query') void this.#answer(message);
    else if (type === 'log') this.#options.logger[message.level](message.fields, message.message);
    else if (type === 'listening') this.#started?.resolve(message.port);
    else if (type === 'start-failed') this.#startFailed(new AssentError(message.code, message.message));
    else unreachable(message);
  }

  #startFailed(error: AssentError): void {
    this.#isStopping = true;
    this.#started?.reject(error);
  }

  async #answer({ call, kind, input, consistency }: QueryMessage): Promise<void> {
    let at: Pick<AnswerMessage, 'readPoint'> = {};
    try {
      if (consistency !== undefined) at = { readPoint: await this.#options.readPoint(consistency, kind) };
      // The kind and its input were paired by `Ask` on the other side.
      const value = await (this.#options.asked[kind] as (input: unknown) => unknown)(input);
      this.#send({ type: 'answer', call, ...at, value });
    } catch (error) {
      const known =
        error instanceof AssentError ? error : new AssentError('internal', 'The node has a bug; its log says more.');
      this.#send({ type: 'answer', call, ...at, error: { code: known.code, message: known.message } });
      if (!(error instanceof AssentError)) this.#fault(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  #fault(error: Error): void {
    this.#started?.reject(error);
    this.#options.onFault(error);
  }
}
