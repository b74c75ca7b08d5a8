import { z } from 'zod';
import { type AssentError, errorTable } from '../../base/index.ts';

/** An expected failure. `code` is stable; docs/errors.md says what each means. */
export interface ErrorDetail {
  readonly code: string;
  /** What happened, as a sentence. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly action: string;
}

/** Body of every reply whose status is 400 or above. */
export interface ErrorReply {
  readonly error: ErrorDetail;
}

export const errorDetail: z.ZodType<ErrorDetail, ErrorDetail> = z.object({
  code: z.string(),
  message: z.string(),
  action: z.string(),
});

export const errorReply: z.ZodType<ErrorReply, ErrorReply> = z.object({ error: errorDetail });

/** The wire form of an expected failure. */
export function errorDetailOf(error: AssentError): ErrorDetail {
  return { code: error.code, message: error.message, action: errorTable[error.code].action };
}
