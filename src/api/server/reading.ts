import type { FastifyReply } from 'fastify';
import {
  type AnyRoute,
  type Consistency,
  type ConsistencyQuery,
  type consistencyHeaders,
  consistencyQueryOf,
  type ReadPoint,
} from '../index.ts';
import type { LedgerReading } from './ledger-reading.ts';
import { parseInput } from './parse.ts';
import type { NodeService } from './service.ts';

/** Parts a query of a route that reads the ledger into the consistency and what is the route's own. */
export function splitQuery(route: AnyRoute, query: unknown): ConsistencyQuery & { readonly own: unknown } {
  const { consistency } = parseInput(consistencyQueryOf(route), query, 'query');
  const { consistency: _, ...own } = query as { readonly consistency?: unknown };
  return { consistency, own };
}

/** Has the question answered, and says in the reply's headers how far the node was, also where the answer is a refusal. */
export async function answerFromLedger<Answer>(
  service: NodeService,
  consistency: Consistency,
  reply: FastifyReply,
  answer: (reading: LedgerReading) => Promise<Answer>,
): Promise<Answer> {
  const reading = service.read(consistency);
  try {
    return await answer(reading);
  } finally {
    // Without one the ledger was not read.
    if (reading.readPoint !== undefined) sayReadPoint(reply, consistency, reading.readPoint);
  }
}

function sayReadPoint(reply: FastifyReply, consistency: Consistency, { height, timestamp }: ReadPoint): void {
  reply.headers({
    'assent-consistency': consistency,
    'assent-applied-height': String(height),
    'assent-applied-time': new Date(timestamp).toISOString(),
  } satisfies Record<keyof typeof consistencyHeaders, string>);
}
