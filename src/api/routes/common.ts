import type { z } from 'zod';
import type { BodyFormat, Route } from '../route.ts';
import {
  didParams,
  type StreamPage,
  type StreamQuery,
  type SubjectParams,
  streamPage,
  streamQuery,
} from '../schemas/subjects.ts';

/** Media type of one signed transaction. */
export const transactionMediaType: string = 'application/octet-stream';
/** Media type of a canonical msgpack array of signed transactions, each as binary. */
export const transactionsMediaType: string = 'application/vnd.assent.transactions';

/** Bounds of a request; what exceeds them is refused before it is read further. */
export const requestLimits: {
  readonly transactionBytesMax: number;
  readonly batchTransactionsMax: number;
  readonly batchBytesMax: number;
  readonly jsonBytesMax: number;
} = {
  // Of the largest kind.
  transactionBytesMax: 192 * 1024,
  batchTransactionsMax: 1000,
  batchBytesMax: 4 * 1024 * 1024,
  jsonBytesMax: 64 * 1024,
};

/** The entries of a stream, page by page. */
export type Stream<Params> = Route<Params, StreamQuery, never, StreamPage>;

/** What happened to a subject, of one kind. */
export function subjectStream(operation: string, last: string, summary: string): Stream<SubjectParams> {
  return { ...streamOf(operation, `/v1/subjects/{did}/${last}`, summary), params: didParams };
}

/** The same of a stream elsewhere, which says what its parameters are. */
export function streamOf(operation: string, path: string, summary: string): Stream<never> {
  const reply = { mediaType: 'application/json', schema: streamPage } as const;
  return {
    operation,
    method: 'GET',
    path,
    summary,
    query: streamQuery,
    reply,
    readsLedger: true,
    errors: ['history-not-kept'],
  };
}

/** A body of JSON, as long as any. */
export function jsonBody<T>(description: string, schema: z.ZodType<T>): BodyFormat<T> {
  return { mediaType: 'application/json', description, bytesMax: requestLimits.jsonBytesMax, schema };
}
