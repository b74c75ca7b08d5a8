import type { Consistency, ReadPoint } from '../../api/index.ts';
import { AssentError, assert } from '../../base/index.ts';
import type { AnswerOf, Ask, InputOf, QueryKind, ReadingAsk } from '../queries/query.ts';
import type { AnswerMessage, QueryMessage } from './messages.ts';

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AssentError) => void;
  readonly reading: Reading | undefined;
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

  readonly ask: Ask = (kind, input) => this.#ask(kind, input);

  /** For one request: its first question waits for the read point on the main thread, so that both take one message. */
  read(consistency: Consistency): ReadingAsk {
    return new Reading(consistency, (kind, input, reading) => this.#ask(kind, input, reading));
  }

  answer({ call: number, readPoint, value, error }: AnswerMessage): void {
    const call = this.#calls.get(number);
    assert(call !== undefined, 'each question is answered once');
    this.#calls.delete(number);
    if (readPoint !== undefined) call.reading?.begin(readPoint);
    if (error === undefined) call.resolve(value);
    else call.reject(new AssentError(error.code, error.message));
  }

  // The answer's type follows from the question's kind; messages carry both without.
  #ask<Kind extends QueryKind>(kind: Kind, input: InputOf<Kind>, reading?: Reading): Promise<AnswerOf<Kind>> {
    return new Promise((resolve, reject) => {
      if (this.#calls.size >= this.#callsMax) {
        reject(new AssentError('overloaded', `${this.#callsMax} questions wait for their answer.`));
        return;
      }
      const call = this.#next++;
      this.#calls.set(call, { resolve: resolve as (value: unknown) => void, reject, reading });
      // What is asked before the first answer waits for itself.
      const consistency = reading?.readPoint === undefined ? reading?.consistency : undefined;
      this.#send({ type: 'query', call, kind, input, ...(consistency && { consistency }) });
    });
  }
}

type AskIn = <Kind extends QueryKind>(kind: Kind, input: InputOf<Kind>, reading: Reading) => Promise<AnswerOf<Kind>>;

class Reading implements ReadingAsk {
  readonly consistency: Consistency;
  readonly #ask: AskIn;
  #readPoint: ReadPoint | undefined;

  constructor(consistency: Consistency, ask: AskIn) {
    this.consistency = consistency;
    this.#ask = ask;
  }

  get readPoint(): ReadPoint | undefined {
    return this.#readPoint;
  }

  readonly ask: Ask = (kind, input) => this.#ask(kind, input, this);

  begin(readPoint: ReadPoint): void {
    this.#readPoint ??= readPoint;
  }
}
