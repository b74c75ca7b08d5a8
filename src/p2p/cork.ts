import type { Socket } from 'node:net';
import type { ConnectionProtector, MessageStream } from '@libp2p/interface';
import { present } from '../base/index.ts';

/**
 * Gathers what is written to a TCP socket within one turn into one system call. Noise writes each message as a length
 * and a body, and with TCP_NODELAY every one of these writes would be a system call and a packet of its own. The check
 * phase of the event loop ends the turn: it comes after the sockets that were readable at the same time, and before any
 * waiting.
 *
 * libp2p offers no option for this; its hook for wrapping a fresh connection, before anything is written, does.
 */
export class Corks {
  readonly #corked = new Set<CorkedSocket>();

  readonly protector = (): ConnectionProtector => ({
    protect: async (connection) => {
      new CorkedSocket(socketOf(connection), this.#corked);
      return connection;
    },
  });

  /** Sends what was written in this turn so far. */
  flush(): void {
    for (const socket of this.#corked) socket.flush();
  }
}

/** The TCP transport's connection holds its socket in a field that its types do not show. */
function socketOf(connection: MessageStream): Socket {
  return present((connection as { socket?: Socket }).socket, '@libp2p/tcp keeps the socket in `socket`');
}

/** A socket whose `write` gathers. */
class CorkedSocket {
  readonly #socket: Socket;
  readonly #corked: Set<CorkedSocket>;
  #turnEnds = false;

  constructor(socket: Socket, corked: Set<CorkedSocket>) {
    this.#socket = socket;
    this.#corked = corked;
    const write: Socket['write'] = socket.write.bind(socket);
    socket.write = (chunk: Uint8Array | string): boolean => {
      this.#cork();
      return write(chunk);
    };
  }

  flush(): void {
    if (this.#corked.delete(this)) this.#socket.uncork();
  }

  #cork(): void {
    if (this.#corked.has(this)) return;
    this.#socket.cork();
    this.#corked.add(this);
    if (!this.#turnEnds) setImmediate(() => this.#endTurn());
    this.#turnEnds = true;
  }

  #endTurn(): void {
    this.#turnEnds = false;
    this.flush();
  }
}
