import { type ErrorCode, errorTable } from './error-table.ts';

export type ErrorData = Readonly<Record<string, string | number | boolean | undefined>>;

/** An expected failure. The code is stable and doubles as a metric label; what it means stands in the error table. */
export class AssentError extends Error {
  override readonly name = 'AssentError';
  readonly code: ErrorCode;
  readonly data: ErrorData;

  constructor(code: ErrorCode, message: string, data: ErrorData = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.data = data;
  }

  get httpStatus(): number {
    return errorTable[this.code].httpStatus;
  }

  get exitCode(): number {
    return errorTable[this.code].exitCode;
  }

  /** What the reader can do about it. */
  get action(): string {
    return errorTable[this.code].action;
  }
}

/** The text of anything thrown, for a log line or a wrapped message. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
