import type { Socket } from 'node:net';
import type { ConnectionProtector, MessageStream } from '@libp2p/interface';
import { present } from '../base/index.ts';

/** A yamux frame without data, as noise writes it: two bytes of length, then twelve and a tag of sixteen. */
const lengthBytes = 2;
const windowUpdateBytes = 12 + 16;
/**
 * Nobody waits for a window update while the window is half open: it rides with the next frame, if there is one so soon.
 * Two of them stand for two pieces of 64 KiB at most, half of yamux's window.
 */
const heldWritesMax = 4;
const heldMs = 25;

/**
 * Gathers what is written to a TCP socket within one turn into one system call. Noise writes each message as a length
 * and a body, yamux adds a window update to each message received, and with TCP_NODELAY every one of these writes would
 * be a system call and a packet of its own. Measured for a round trip of one small frame: a quarter of the system calls, a
 * third less processor time. The check phase of the event loop ends the turn: it comes after the sockets that were
 * readable at the same time, and before any waiting. A turn that wrote nothing but window updates keeps them a little.
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

  /** Sends what was written in this turn so far, where it is more than window updates. */
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
  #urgent = false;
  #writes = 0;
  #held: NodeJS.Timeout | undefined;

  constructor(socket: Socket, corked: Set<CorkedSocket>) {
    this.#socket = socket;
    this.#corked = corked;
    const write: Socket['write'] = socket.write.bind(socket);
    socket.write = (chunk: Uint8Array | string): boolean => {
      this.#noteWrite(chunk.length);
      return write(chunk);
    };
  }

  flush(): void {
    if (this.#urgent || this.#writes > heldWritesMax) this.#uncork();
  }

  #noteWrite(length: number): void {
    if (this.#writes === 0) {
      this.#socket.cork();
      this.#corked.add(this);
    }
    this.#writes += 1;
    this.#urgent ||= length !== lengthBytes && length !== windowUpdateBytes;
    if (!this.#turnEnds) setImmediate(() => this.#endTurn());
    this.#turnEnds = true;
  }

  #endTurn(): void {
    this.#turnEnds = false;
    this.flush();
    if (this.#writes > 0) this.#held ??= setTimeout(() => this.#uncork(), heldMs);
  }

  #uncork(): void {
    clearTimeout(this.#held);
    this.#held = undefined;
    this.#urgent = false;
    this.#writes = 0;
    this.#corked.delete(this);
    this.#socket.uncork();
  }
}
