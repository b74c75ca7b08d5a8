/**
 * The HTTP server of a node: fastify over the routes that the api room defines, and a {@link NodeService} that answers
 * them. Every error has one form, every bound a name; it binds loopback only, until the API authenticates its callers.
 * fastify appears in this folder only.
 */
export type { LedgerReading, SubjectStream } from './ledger-reading.ts';
export { ApiServer, type ServerLimits, type ServerOptions, serverLimits } from './server.ts';
export type { NodeService, Submission } from './service.ts';
