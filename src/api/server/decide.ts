import type { FastifyReply, FastifyRequest } from 'fastify';
import { present } from '../../base/index.ts';
import { routes } from '../index.ts';
import { parseInput } from './parse.ts';
import { answerFromLedger, splitQuery } from './reading.ts';
import type { NodeService } from './service.ts';

const bodySchema = present(routes.decide.bodies?.[0]?.schema, 'a question has a schema');

/** Handles `POST /v1/decisions`, which the node answers with a ready text. */
export function decideHandler(
  service: NodeService,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const { consistency } = splitQuery(request.query);
    const asked = parseInput(bodySchema, request.body, 'body');
    const json = await answerFromLedger(service, consistency, reply, (reading) => reading.decide(asked));
    return reply.header('content-type', 'application/json; charset=utf-8').send(json);
  };
}
