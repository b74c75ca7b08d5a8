/** What became of an operation. A failed one had no effect and never will; an unknown one may have one, now or later. */
export type OperationOutcome = 'ok' | 'failed' | 'unknown';

/** A client's write or read of one register, with the places of its two ends in the order of everything that happened. */
export interface RegisterOperation {
  readonly kind: 'write' | 'read';
  /** One process has one operation under way at a time. */
  readonly process: number;
  readonly register: string;
  /** The node that was asked first. */
  readonly node: number;
  /** What was written, once only in a run; or what was read: undefined where nothing was ever written. */
  readonly value: string | undefined;
  readonly outcome: OperationOutcome;
  readonly invokedAt: number;
  /** Without a meaning when the outcome is unknown. */
  readonly endedAt: number;
  readonly invokedAtMs: number;
  readonly endedAtMs: number;
}

export type Invocation = Pick<RegisterOperation, 'kind' | 'process' | 'register' | 'node' | 'value'>;

interface OpenOperation extends RegisterOperation {
  value: string | undefined;
  outcome: OperationOutcome;
  endedAt: number;
  endedAtMs: number;
}

/** What clients did and saw, in order. */
export class History {
  readonly #operations: OpenOperation[] = [];
  /** Sees each end of each operation. */
  readonly #onEvent: (event: 'invoke' | 'respond', operation: RegisterOperation) => void;
  #place = 0;

  constructor(onEvent: (event: 'invoke' | 'respond', operation: RegisterOperation) => void = () => undefined) {
    this.#onEvent = onEvent;
  }

  /** Operations that have not ended are unknown. */
  get operations(): readonly RegisterOperation[] {
    return this.#operations;
  }

  /** Answers the call that ends the operation. */
  invoke(invocation: Invocation, nowMs: number): (outcome: OperationOutcome, nowMs: number, value?: string) => void {
    const never = Number.POSITIVE_INFINITY;
    const operation: OpenOperation = {
      ...invocation,
      outcome: 'unknown',
      invokedAt: this.#place++,
      endedAt: never,
      invokedAtMs: nowMs,
      endedAtMs: never,
    };
    this.#operations.push(operation);
    this.#onEvent('invoke', operation);
    return (outcome, endedAtMs, value) => {
      operation.outcome = outcome;
      operation.endedAt = this.#place++;
      operation.endedAtMs = endedAtMs;
      if (operation.kind === 'read') operation.value = value;
      this.#onEvent('respond', operation);
    };
  }
}
