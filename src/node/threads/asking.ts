import { AssentError, assert } from '../../base/index.ts';
import type { Ask } from '../queries/query.ts';
import type { AnswerMessage, QueryMessage } from './messages.ts';

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AssentError) => void;
}

/** Questions to the main thread that wait for their answers. Bounded. */
export class Asking {
  readonly #callsMax: number;
  readonly #send: (message: QueryMessage) => void;
  readonly #calls = new Map<number, Call>();
  #next = 0;

  constructor(callsMax: number, send: (message: QueryMessage) => void) {
    this.#callsMax = callsMax;
    this.#send = send;
  }

  // The answer's type follows from the question's kind; messages carry both without.
  readonly ask: Ask = (kind, input) =>
    new Promise((resolve, reject) => {
      if (this.#calls.size >= this.#callsMax) {
        reject(new AssentError('overloaded', `${this.#callsMax} questions wait for their answer.`));
        return;
      }
      const call = this.#next++;
      this.#calls.set(call, { resolve: resolve as (value: unknown) => void, reject });
      this.#send({ type: 'query', call, kind, input });
    });

  answer(message: AnswerMessage): void {
    const call = this.#calls.get(message.call);
    assert(call !== undefined, 'each question is answered once');
    this.#calls.delete(message.call);
    if (message.error === undefined) call.resolve(message.value);
    else call.reject(new AssentError(message.error.code, message.error.message));
  }
}
