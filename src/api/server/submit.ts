import type { FastifyReply, FastifyRequest } from 'fastify';
import { AssentError, present } from '../../base/index.ts';
import { type OutcomeView, routes, type SubmitQuery, transactionMediaType, transactionsMediaType } from '../index.ts';
import { sendError } from './errors.ts';
import { parseInput } from './parse.ts';
import type { NodeService } from './service.ts';

const querySchema = present(routes.submit.query, 'a submission has a query');
/** Most requests have no query; these defaults spare them the schema. */
const defaultWait: SubmitQuery = querySchema.parse({});

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
    const query = request.query as object;
    const wait = Object.keys(query).length === 0 ? defaultWait : parseInput(querySchema, query, 'query');
    service.submit({ body, batched, ...wait }, (outcomes) => {
      const single = batched ? undefined : outcomes[0]?.error;
      if (single !== undefined) sendError(reply, single);
      else sendOutcomes(reply, outcomes, wait);
    });
  };
}

// A ready text spares the hot path fastify's search for a serializer.
function sendOutcomes(reply: FastifyReply, outcomes: readonly OutcomeView[], wait: SubmitQuery): void {
  reply
    .code(wait.wait === 'none' ? 202 : 200)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ outcomes }));
}
