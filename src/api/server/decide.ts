import type { FastifyReply, FastifyRequest } from 'fastify';
import { present } from '../../base/index.ts';
import { routes } from '../index.ts';
import { parseInput } from './parse.ts';
import { sayReadPoint, splitQuery } from './reading.ts';
import type { NodeService } from './service.ts';

const bodySchema = present(routes.decide.bodies?.[0]?.schema, 'a question has a schema');

/** Handles `POST /v1/decisions`: the node answers with a ready text and the point that it was read at, in one. */
export function decideHandler(
  service: NodeService,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const { consistency } = splitQuery(request.query);
    const { readPoint, outcome } = await service.decide(parseInput(bodySchema, request.body, 'body'), consistency);
    sayReadPoint(reply, consistency, readPoint);
    if ('refusal' in outcome) throw outcome.refusal;
    return reply.header('content-type', 'application/json; charset=utf-8').send(outcome.json);
  };
}
