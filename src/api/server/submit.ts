import type { FastifyReply, FastifyRequest } from 'fastify';
import { AssentError } from '../../base/index.ts';
import { type OutcomeView, routes, transactionMediaType, transactionsMediaType, type WaitQuery } from '../index.ts';
import { sendError } from './errors.ts';
import { parseInput } from './parse.ts';
import type { NodeService } from './service.ts';

/** Most requests have no query; these defaults spare them the schema. */
const defaultWait: WaitQuery = parseInput(querySchema(), {}, 'query');

/**
 * Handles `POST /v1/transactions`. A single transaction that was not taken ends with the status of its error; a batch
 * always has one outcome for each.
 */
export function submitHandler(service: NodeService): (request: FastifyRequest, reply: FastifyReply) => void {
  return (request, reply) => {
    const { body } = request;
    if (!(body instanceof Uint8Array)) {
      throw new AssentError('request-invalid', `Send the body as ${transactionMediaType} or ${transactionsMediaType}.`);
    }
    const batched = request.headers['content-type']?.startsWith(transactionsMediaType) ?? false;
    const wait = waitOf(request.query as object);
    service.submit({ body, batched, wait: wait.wait, timeoutMs: wait.timeoutMs }, (outcomes) => {
      const single = batched ? undefined : outcomes[0]?.error;
      if (single !== undefined) sendError(reply, single);
      else sendOutcomes(reply, outcomes, wait);
    });
  };
}

// A ready text spares the hot path fastify's search for a serializer.
function sendOutcomes(reply: FastifyReply, outcomes: readonly OutcomeView[], wait: WaitQuery): void {
  reply
    .code(wait.wait === 'none' ? 202 : 200)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ outcomes }));
}

function waitOf(query: object): WaitQuery {
  for (const _ in query) return parseInput(querySchema(), query, 'query');
  return defaultWait;
}

function querySchema(): NonNullable<typeof routes.submit.query> {
  const { query } = routes.submit;
  if (query === undefined) throw new TypeError('the submit route has a query');
  return query;
}
