import type { FastifyReply } from 'fastify';
import { AssentError, type ErrorCode, errorTable, messageOf } from '../../base/index.ts';
import { type ErrorDetail, errorDetailOf, transactionMediaType } from '../index.ts';

/** How long a caller should wait after a 503: queues of this node drain in well under a second. */
const retryAfterSeconds = '1';

/** Ends the request with an error in the one form that the API has. */
export function sendError(reply: FastifyReply, detail: ErrorDetail): FastifyReply {
  const status = statusOf(detail.code);
  if (status === 503) reply.header('retry-after', retryAfterSeconds);
  return reply.code(status).send({ error: detail });
}

function statusOf(code: string): number {
  return code in errorTable ? errorTable[code as ErrorCode].httpStatus : 500;
}

/** What is written to a connection whose bytes are not HTTP. */
export function malformedRequestReply(): string {
  const detail = errorDetailOf(new AssentError('request-invalid', 'The bytes are not an HTTP/1.1 request.'));
  const body = JSON.stringify({ error: detail });
  const head = `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/**
 * Brings whatever ended a request into the form of an expected failure, or answers undefined: then it is a bug.
 * Fastify's own errors below 500 are the caller's: a body that is too long or of another type, a malformed JSON.
 */
export function expectedFailure(error: unknown, mediaType: string | undefined): AssentError | undefined {
  if (error instanceof AssentError) return error;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const errorCode = mediaType === transactionMediaType ? 'transaction-too-large' : 'encoding-too-large';
    return new AssentError(errorCode, 'The body of the request exceeds its bound.', {}, { cause: error });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AssentError('request-invalid', messageOf(error), {}, { cause: error });
  }
  return undefined;
}
