import { z } from 'zod';
import { didText, hashText, nameText, type QueryInput, queryNumber, timestampMs, wholeNumber } from './primitives.ts';

/** What waits in a domain for its privacy officer, in the order in which it came. */
interface WaitingPage {
  /** The time by which it was judged what is late: the later of the chain's and the node's. */
  readonly at: number;
  /** How many wait in all, in time and late. */
  readonly open: number;
  /** Where the next page begins, absent at the end. A page may be empty and not the last. */
  readonly next?: number;
}

/** A broken glass that nobody has reviewed. */
export interface ReviewView {
  readonly subject: string;
  /** Place of the broken glass in the subject's log, from 0. */
  readonly entry: number;
  /** The transaction that broke it. */
  readonly opening: string;
  readonly agent: string;
  readonly role: string;
  readonly organisation: string;
  readonly openedAt: number;
  readonly reviewBy: number;
  readonly state: 'pending' | 'overdue';
}

export interface ReviewPage extends WaitingPage {
  readonly reviews: readonly ReviewView[];
}

/** A dispute that nobody has answered. */
export interface DisputeView {
  readonly subject: string;
  /** Place of the disputed entry in the subject's log, from 0. */
  readonly entry: number;
  /** The subject, or who acts for it. */
  readonly by: string;
  readonly raisedAt: number;
}

export interface DisputePage extends WaitingPage {
  readonly disputes: readonly DisputeView[];
}

export interface WaitingQuery {
  readonly from: number;
  readonly limit: number;
}

export interface ReviewsQuery extends WaitingQuery {
  readonly state: 'pending' | 'overdue';
}

const waiting = { at: timestampMs, open: wholeNumber, next: z.exactOptional(wholeNumber) };
const paging = { from: queryNumber(0, Number.MAX_SAFE_INTEGER).default(0), limit: queryNumber(1, 100).default(100) };
const reviewState = z.enum(['pending', 'overdue']);

export const waitingQuery: z.ZodType<WaitingQuery, QueryInput<WaitingQuery>> = z.strictObject(paging);

export const reviewsQuery: z.ZodType<ReviewsQuery, QueryInput<ReviewsQuery>> = z.strictObject({
  ...paging,
  state: reviewState.default('overdue'),
});

export const reviewPage: z.ZodType<ReviewPage, ReviewPage> = z.object({
  ...waiting,
  reviews: z.array(
    z.object({
      subject: didText,
      entry: wholeNumber,
      opening: hashText,
      agent: didText,
      role: z.string(),
      organisation: nameText,
      openedAt: timestampMs,
      reviewBy: timestampMs,
      state: reviewState,
    }),
  ),
});

export const disputePage: z.ZodType<DisputePage, DisputePage> = z.object({
  ...waiting,
  disputes: z.array(z.object({ subject: didText, entry: wholeNumber, by: didText, raisedAt: timestampMs })),
});
