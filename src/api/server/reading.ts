import type { FastifyReply } from 'fastify';
import {
  type Consistency,
  type ConsistencyQuery,
  type consistencyHeaders,
  consistencyQuery,
  type ReadPoint,
} from '../index.ts';
import { parseInput } from './parse.ts';
import type { NodeService } from './service.ts';

/** Parts a query of a route that reads the ledger into the consistency and what is the route's own. */
export function splitQuery(query: unknown): ConsistencyQuery & { readonly own: unknown } {
  const { consistency } = parseInput(consistencyQuery, query, 'query');
  const { consistency: _, ...own } = query as { readonly consistency?: unknown };
  return { consistency, own };
}

/** Waits until the node may read as asked for, and says in the reply's headers how far it is. */
export async function beginRead(service: NodeService, consistency: Consistency, reply: FastifyReply): Promise<void> {
  sayReadPoint(reply, consistency, await service.readPoint(consistency));
}

export function sayReadPoint(reply: FastifyReply, consistency: Consistency, { height, timestamp }: ReadPoint): void {
  reply.headers({
    'assent-consistency': consistency,
    'assent-applied-height': String(height),
    'assent-applied-time': new Date(timestamp).toISOString(),
  } satisfies Record<keyof typeof consistencyHeaders, string>);
}
