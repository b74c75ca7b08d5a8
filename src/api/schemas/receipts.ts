import { z } from 'zod';
import { hexText, type QueryInput, queryNumber, wholeNumber } from './primitives.ts';

/** A receipt that anyone can verify offline (docs/verification.md). */
export interface ReceiptFileView {
  /** `transaction`, `state`, `consistency` or `access-log`. */
  readonly kind: string;
  /** Of the block that it is about. */
  readonly height: number;
  /** Its binary form, as hexadecimal. */
  readonly receipt: string;
}

export interface ReceiptQuery {
  /** Height of the block that the asker has pinned; absent: the receipt begins with genesis. */
  readonly checkpoint?: number | undefined;
}

export interface StateReceiptQuery extends ReceiptQuery {
  readonly key: string;
  /** Height of the block after which it stood there; absent: the newest. */
  readonly at?: number | undefined;
}

export interface ConsistencyReceiptQuery extends ReceiptQuery {
  /** Heights. */
  readonly older: number;
  readonly newer: number;
}

export interface AccessReceiptQuery extends ReceiptQuery {
  /** Milliseconds since the Unix epoch. */
  readonly from: number;
  /** Exclusive; absent: up to the end of the log. */
  readonly to?: number | undefined;
  /** Height of the block as of which; absent: the newest. */
  readonly at?: number | undefined;
}

export const receiptFileView: z.ZodType<ReceiptFileView, ReceiptFileView> = z.object({
  kind: z.string(),
  height: wholeNumber,
  receipt: hexText,
});

const height = queryNumber(1, Number.MAX_SAFE_INTEGER);
const checkpoint = z.optional(height);

export const receiptQuery: z.ZodType<ReceiptQuery, QueryInput<ReceiptQuery>> = z.strictObject({ checkpoint });

export const stateReceiptQuery: z.ZodType<StateReceiptQuery, QueryInput<StateReceiptQuery>> = z.strictObject({
  key: z.string().regex(/^[!-~]{1,256}$/, 'expected a key of the state: printable ASCII'),
  at: z.optional(height),
  checkpoint,
});

export const consistencyReceiptQuery: z.ZodType<ConsistencyReceiptQuery, QueryInput<ConsistencyReceiptQuery>> = z
  .strictObject({ older: height, newer: height, checkpoint })
  .refine(({ older, newer }) => older < newer, 'expected the older block first');

const time = queryNumber(0, Number.MAX_SAFE_INTEGER);

export const accessReceiptQuery: z.ZodType<AccessReceiptQuery, QueryInput<AccessReceiptQuery>> = z
  .strictObject({ from: time.default(0), to: z.optional(time), at: z.optional(height), checkpoint })
  .refine(({ from, to }) => to === undefined || from < to, 'expected a time that ends after it begins');
