import type { FastifyReply, FastifyRequest } from 'fastify';
import { AssentError, present } from '../../base/index.ts';
import {
  type OutcomeView,
  routes,
  type SubmitQuery,
  type SubmitReply,
  transactionMediaType,
  transactionsMediaType,
} from '../index.ts';
import { sendError } from './errors.ts';
import { parseInput } from './parse.ts';
import type { NodeService } from './service.ts';

const querySchema = present(routes.submit.query, 'a submission has a query');
/** Most requests say no more than for what they wait, if anything; these spare them the schema. */
const defaultWait: SubmitQuery = querySchema.parse({});
const committedWait: SubmitQuery = querySchema.parse({ wait: 'committed' });

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
    const startMs = performance.now();
    service.submit({ body, batched, ...wait }, (outcomes) => {
      const single = batched ? undefined : outcomes[0]?.error;
      if (single !== undefined) sendError(reply, single);
      else if (wait.wait === 'in-force' || wait.wait === 'everywhere') {
        const leftMs = Math.max(0, Math.floor(wait.timeoutMs - (performance.now() - startMs)));
        const found = whereItHolds(service, wait.wait, outcomes, leftMs);
        void found.then((where) => sendOutcomes(reply, { outcomes, ...where }, wait));
      } else sendOutcomes(reply, { outcomes }, wait);
    });
  };
}

function waitOf(query: { readonly wait?: unknown }): SubmitQuery {
  const names = Object.keys(query);
  if (names.length === 0) return defaultWait;
  return names.length === 1 && query.wait === 'committed' ? committedWait : parseInput(querySchema, query, 'query');
}

/** What is committed is committed, whether or not the node can say where it is by now. */
async function whereItHolds(
  service: NodeService,
  wait: 'in-force' | 'everywhere',
  outcomes: readonly OutcomeView[],
  timeoutMs: number,
): Promise<Omit<SubmitReply, 'outcomes'>> {
  const height = Math.max(0, ...outcomes.map(({ receipt }) => receipt?.height ?? 0));
  if (height === 0) return {};
  try {
    if (wait === 'in-force') return { inForce: await service.inForce(height, { timeoutMs }) };
    return { reach: await service.reach(height, { timeoutMs }) };
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    return {};
  }
}

// A ready text spares the hot path fastify's search for a serializer.
function sendOutcomes(reply: FastifyReply, content: SubmitReply, wait: SubmitQuery): void {
  reply
    .code(wait.wait === 'none' ? 202 : 200)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(content));
}
