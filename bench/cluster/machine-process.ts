import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createEcho, type Socket } from 'node:net';
import { present } from '../../src/base/index.ts';

/*
 * A server that does nothing: what the machine, and a request as such, cost beside the load. With the port of another one it
 * asks that first, and answers when it has its answer: what a question to another node costs at least. Tells its parent
 * where it is, and ends when that is gone.
 */

/** The connections wait for their first request until the nodes are warm. */
const patience = { requestTimeout: 0, headersTimeout: 0 } as const;
/** About as long as a question for the leader's height, and its answer. */
const question = Buffer.alloc(32);

/** Calls back in the order of the questions. */
class Other {
  readonly #socket: Socket;
  readonly #waiting: (() => void)[] = [];
  #bytes = 0;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', ({ length }) => {
      for (this.#bytes += length; this.#bytes >= question.length; this.#bytes -= question.length)
        present(this.#waiting.shift(), 'somebody asked')();
    });
  }

  ask(answered: () => void): void {
    this.#waiting.push(answered);
    this.#socket.write(question);
  }
}

const askedPort = process.argv[2];
const other = askedPort === undefined ? undefined : new Other(Number(askedPort));

const server = createServer(patience, (request, reply) => {
  const answer = (): void => void reply.setHeader('content-length', 0).end();
  request.resume();
  request.once('end', () => (other === undefined ? answer() : other.ask(answer)));
});
server.keepAliveTimeout = 0;

const echo = createEcho({ noDelay: true }, (socket) => socket.pipe(socket));
echo.listen(0, '127.0.0.1', () => {
  server.listen(0, '127.0.0.1', () => {
    const portOf = (listening: typeof echo): number => (listening.address() as AddressInfo).port;
    process.send?.({ url: `http://127.0.0.1:${portOf(server)}`, echoPort: portOf(echo) });
  });
});
process.once('disconnect', () => process.exit(0));
