import { z } from 'zod';
import { didText, hashText, nameText, type QueryInput, queryNumber, timestampMs, wholeNumber } from './primitives.ts';

/** What is looked for: rows that have all that is given. Nothing given: all. */
export interface TransactionsQuery {
  readonly subject?: string | undefined;
  /** Who sent it, or who asked, through whichever gateway. */
  readonly agent?: string | undefined;
  /** A domain or a member, by name. */
  readonly organisation?: string | undefined;
  /** `access.record`, or of a whole contract `access`. */
  readonly kind?: string | undefined;
  readonly consent?: string | undefined;
  /** Block time, inclusive. */
  readonly from?: number | undefined;
  /** Block time, exclusive. */
  readonly to?: number | undefined;
  readonly order: 'oldest-first' | 'newest-first';
  /** Where the previous page of the same query ended. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** What a transaction itself names; subjects and agents as DIDs. */
export interface RowNames {
  readonly subjects: readonly string[];
  readonly agents: readonly string[];
  readonly organisations: readonly string[];
  readonly consents: readonly string[];
}

/** A committed transaction; of a batch of accesses, one access. */
export interface TransactionRow {
  readonly height: number;
  /** Place of the transaction in the block. */
  readonly index: number;
  /** Place of the access in its batch, else 0. */
  readonly number: number;
  readonly id: string;
  readonly kind: string;
  readonly sender: string;
  /** The block's time. */
  readonly timestamp: number;
  readonly result: { readonly ok: boolean; readonly code?: string; readonly rule?: string };
  readonly names: RowNames;
  /** Of an access that was decided: the decision, and the entry's place in the subject's log. */
  readonly access?: { readonly decision: string; readonly entry: number };
}

export interface TransactionPage {
  readonly rows: readonly TransactionRow[];
  /** Cursor of the following page, absent at the end. A page with it can be empty: the search goes on there. */
  readonly next?: string;
  /** Height of the newest block when this was asked. */
  readonly at: number;
  /** The blocks that were looked through; null while there is no index. */
  readonly indexed: { readonly from: number; readonly through: number } | null;
  /** Whether no committed block could have more that is not indexed yet. */
  readonly isWhole: boolean;
}

export const transactionRowsMax = 200;

const time = queryNumber(0, Number.MAX_SAFE_INTEGER);

export const transactionsQuery: z.ZodType<TransactionsQuery, QueryInput<TransactionsQuery>> = z
  .strictObject({
    subject: z.optional(didText),
    agent: z.optional(didText),
    organisation: z.optional(nameText),
    kind: z.optional(
      z
        .string()
        .regex(/^[a-z]{1,32}(\.[a-zA-Z]{1,32})?$/, 'expected a kind, like access.record, or a contract, like access'),
    ),
    consent: z.optional(hashText),
    from: z.optional(time),
    to: z.optional(time),
    order: z.enum(['oldest-first', 'newest-first']).default('oldest-first'),
    cursor: z
      .string()
      .regex(/^[0-9a-f]{48}$/, 'expected the cursor of a previous page')
      .optional(),
    limit: queryNumber(1, transactionRowsMax).default(50),
  })
  .refine(
    ({ from, to }) => from === undefined || to === undefined || from < to,
    'expected a time that ends after it begins',
  );

export const transactionRow: z.ZodType<TransactionRow, TransactionRow> = z.object({
  height: wholeNumber,
  index: wholeNumber,
  number: wholeNumber,
  id: hashText,
  kind: z.string(),
  sender: didText,
  timestamp: timestampMs,
  result: z.object({ ok: z.boolean(), code: z.exactOptional(z.string()), rule: z.exactOptional(z.string()) }),
  names: z.object({
    subjects: z.array(didText),
    agents: z.array(didText),
    organisations: z.array(nameText),
    consents: z.array(hashText),
  }),
  access: z.exactOptional(z.object({ decision: z.string(), entry: wholeNumber })),
});

export const transactionPage: z.ZodType<TransactionPage, TransactionPage> = z.object({
  rows: z.array(transactionRow),
  next: z.exactOptional(z.string()),
  at: wholeNumber,
  indexed: z.nullable(z.object({ from: wholeNumber, through: wholeNumber })),
  isWhole: z.boolean(),
});
