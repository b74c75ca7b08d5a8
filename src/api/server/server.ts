import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AssentError, assert, InvariantError, type Logger, messageOf } from '../../base/index.ts';
import {
  type AnyRoute,
  checkLoopback,
  errorDetailOf,
  isAddressedHere,
  openApiDocument,
  type RuleSchemas,
  requestLimits,
  routes,
  transactionMediaType,
  transactionsMediaType,
} from '../index.ts';
import { decideHandler } from './decide.ts';
import { expectedFailure, malformedRequestReply, sendError } from './errors.ts';
import { type Input, type OwnHandlers, type OwnRoute, ownHandlers } from './handlers.ts';
import { type LedgerRoute, ledgerHandlers } from './ledger-handlers.ts';
import type { LedgerReading } from './ledger-reading.ts';
import { parseBody, parseInput } from './parse.ts';
import { answerFromLedger, splitQuery } from './reading.ts';
import type { NodeService } from './service.ts';
import { submitHandler } from './submit.ts';

export interface ServerLimits {
  /** Requests under way; one more is refused with `overloaded`. */
  readonly requestsMax: number;
  readonly connectionsMax: number;
  /** The longest that a request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveTimeoutMs: number;
}

export const serverLimits: ServerLimits = {
  requestsMax: 2048,
  connectionsMax: 1024,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
};

export interface ServerOptions {
  readonly service: NodeService;
  readonly version: string;
  /** For `/openapi.json`. */
  readonly ruleSchemas?: RuleSchemas;
  readonly logger: Logger;
  readonly limits?: Partial<ServerLimits>;
  /** Told of every finished request. */
  readonly observe?: (operation: string, status: number, durationMs: number) => void;
  /** Told of a broken invariant: whoever runs the server stops the node. */
  readonly onBug: (error: unknown) => void;
}

/** The HTTP interface over a {@link NodeService}. */
export class ApiServer {
  readonly #fastify: FastifyInstance;
  #isClosing = false;

  constructor(options: ServerOptions) {
    this.#fastify = build(options, { ...serverLimits, ...options.limits });
    this.#fastify.addHook('onSend', (_request, reply, _payload, next) => {
      // A connection that is busy when the server closes would be kept alive after its answer.
      if (this.#isClosing) reply.header('connection', 'close');
      next();
    });
  }

  /**
   * Listens; answers the port, which the system chose when 0 was asked for. Throws `address-refused` for anything but a
   * loopback address and `port-in-use`.
   */
  async listen(host: string, port: number): Promise<number> {
    checkLoopback(host);
    try {
      await this.#fastify.listen({ host, port });
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
      throw new AssentError('port-in-use', `Another program listens on ${host}:${port}.`, { port }, { cause: error });
    }
    return (this.#fastify.server.address() as AddressInfo).port;
  }

  /** Takes no more requests and resolves when those under way are answered, or cut off after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    const deadline = setTimeout(() => this.#fastify.server.closeAllConnections(), deadlineMs);
    await this.#fastify.close();
    clearTimeout(deadline);
  }
}

function build(options: ServerOptions, limits: ServerLimits): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: requestLimits.jsonBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(malformedRequestReply());
      else socket.destroy();
    },
    routerOptions: { maxParamLength: 256 },
  });
  app.server.maxConnections = limits.connectionsMax;
  const binary = (mediaType: string, bodyLimit: number): void => {
    app.addContentTypeParser(mediaType, { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
  };
  binary(transactionMediaType, requestLimits.transactionBytesMax);
  binary(transactionsMediaType, requestLimits.batchBytesMax);
  admit(app, options, limits.requestsMax);
  failuresOf(app, options);
  app.route({
    method: 'POST',
    url: urlOf(routes.submit),
    config: { operation: routes.submit.operation },
    handler: submitHandler(options.service),
  });
  app.route({
    method: 'POST',
    url: urlOf(routes.decide),
    config: { operation: routes.decide.operation },
    handler: decideHandler(options.service),
  });
  const own = ownHandlers(options.service, openApiDocument(options.version, options.ruleSchemas));
  for (const name of Object.keys(own) as OwnRoute[]) ownRoute(app, name, own);
  for (const name of Object.keys(ledgerHandlers) as LedgerRoute[]) ledgerRoute(app, name, options.service);
  return app;
}

/** Counts requests under way, refuses one too many, and reports each when it is done. */
function admit(app: FastifyInstance, options: ServerOptions, requestsMax: number): void {
  let underWay = 0;
  app.addHook('onRequest', (request, _reply, next) => {
    if (!isAddressedHere(request.headers.host))
      next(new AssentError('host-refused', 'The request names another host.'));
    else if (underWay >= requestsMax) next(new AssentError('overloaded', `${requestsMax} requests are under way.`));
    else next();
  });
  app.server.on('request', (_request, response) => {
    underWay += 1;
    response.once('close', () => {
      underWay -= 1;
    });
  });
  app.addHook('onResponse', (request, reply, next) => {
    const { operation = 'none' } = request.routeOptions.config as { operation?: string };
    options.observe?.(operation, reply.statusCode, reply.elapsedTime);
    next();
  });
}

function failuresOf(app: FastifyInstance, { logger, onBug }: ServerOptions): void {
  app.setErrorHandler((error, request, reply) => {
    const expected = expectedFailure(error, request.headers['content-type']);
    if (expected !== undefined) return sendError(reply, errorDetailOf(expected));
    logger.error({ url: request.routeOptions.url, error: messageOf(error) }, 'a request ended with a bug');
    if (error instanceof InvariantError) onBug(error);
    return sendError(reply, errorDetailOf(new AssentError('internal', 'The node has a bug; its log says more.')));
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `There is no ${request.method} ${request.url.slice(0, 200)}.`;
    sendError(reply, errorDetailOf(new AssentError('not-found', message)));
  });
}

function ownRoute<Name extends OwnRoute>(app: FastifyInstance, name: Name, handlers: OwnHandlers): void {
  const route: AnyRoute = routes[name];
  const handle = handlers[name] as (input: unknown) => Promise<unknown>;
  app.route({
    method: route.method,
    url: urlOf(route),
    config: { operation: route.operation },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const result = await handle(inputOf(route, request, request.query));
      if (route.reply.mediaType === 'text/plain') reply.type('text/plain; version=0.0.4; charset=utf-8');
      return reply.send(result);
    },
  });
}

function ledgerRoute<Name extends LedgerRoute>(app: FastifyInstance, name: Name, service: NodeService): void {
  const route: AnyRoute = routes[name];
  assert(route.readsLedger === true, 'a route says that it reads the ledger');
  const handle = ledgerHandlers[name] as (reading: LedgerReading, input: unknown) => Promise<unknown>;
  app.route({
    method: route.method,
    url: urlOf(route),
    config: { operation: route.operation },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const { consistency, own } = splitQuery(route, request.query);
      const input = inputOf(route, request, own);
      const answer = (reading: LedgerReading): Promise<unknown> => handle(reading, input);
      return reply.send(await answerFromLedger(service, consistency, reply, answer));
    },
  });
}

function inputOf(route: AnyRoute, request: FastifyRequest, query: unknown): Record<keyof Input<AnyRoute>, unknown> {
  const bodySchema = route.bodies?.[0]?.schema;
  return {
    params: route.params === undefined ? {} : parseInput(route.params, request.params, 'path'),
    query: route.query === undefined ? {} : parseInput(route.query, query, 'query'),
    body: bodySchema === undefined ? undefined : parseBody(bodySchema, request.body),
  };
}

/** The path in the form of fastify's router. */
function urlOf(route: AnyRoute): string {
  return route.path.replaceAll(/\{(\w+)\}/g, ':$1');
}
