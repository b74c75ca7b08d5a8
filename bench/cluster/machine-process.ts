import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * A server that does nothing: what the machine, and a request as such, cost beside the load. Tells its parent where it
 * is, and ends when that is gone.
 */

/** The connections wait for their first request until the nodes are warm. */
const patience = { requestTimeout: 0, headersTimeout: 0 } as const;

const server = createServer(patience, (request, reply) => {
  request.resume();
  request.once('end', () => reply.setHeader('content-length', 0).end());
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('disconnect', () => process.exit(0));
