import type { ErrorCode } from './error-table.ts';

export type ErrorData = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * An expected failure. The code is stable and doubles as a metric label; what it means stands in `errorTable`, which is
 * not imported here: who only throws, as the verifier in a browser, does not carry the sentences.
 */
export class AssentError extends Error {
  override readonly name = 'AssentError';
  readonly code: ErrorCode;
  readonly data: ErrorData;

  constructor(code: ErrorCode, message: string, data: ErrorData = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/** The text of anything thrown, for a log line or a wrapped message. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
