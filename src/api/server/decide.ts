import type { FastifyReply, FastifyRequest } from 'fastify';
import { present } from '../../base/index.ts';
import { type DecisionBody, type DecisionRequest, routes } from '../index.ts';
import { parseBody } from './parse.ts';
import { answerFromLedger, splitQuery } from './reading.ts';
import type { NodeService } from './service.ts';

const bodySchema = present(routes.decide.bodies?.[0]?.schema, 'a question has a schema');

/** What the schema has a say in; of the rest it only demands that it is JSON. */
const namesForNode = ['at', 'view', 'questions', 'commit', 'transactions'];

/** Handles `POST /v1/decisions`, which the node answers with a ready text. */
export function decideHandler(
  service: NodeService,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const { consistency } = splitQuery(routes.decide, request.query);
    const asked = questionIn(request.body);
    const json = await answerFromLedger(service, consistency, reply, (reading) => reading.decide(asked));
    return reply.header('content-type', 'application/json; charset=utf-8').send(json);
  };
}

/** Throws `request-invalid`. Most questions are a few texts, and nothing for the node: these are spared the schema. */
function questionIn(body: unknown): DecisionBody {
  return isPlainQuestion(body) ? body : parseBody(bodySchema, body);
}

/** Whether the schema would take it as it is; what nests is left to the schema. */
function isPlainQuestion(body: unknown): body is DecisionRequest {
  if (typeof body !== 'object' || body === null || Object.getPrototypeOf(body) !== Object.prototype) return false;
  return Object.entries(body).every(([name, value]) => typeof value === 'string' && !namesForNode.includes(name));
}
