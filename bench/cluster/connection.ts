import { connect, type Socket } from 'node:net';
import { assert } from '../../src/base/index.ts';

export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  readonly resolve: (reply: HttpReply) => void;
  readonly reject: (error: Error) => void;
}

const headEnd = Buffer.from('\r\n\r\n');

/**
 * One kept-alive HTTP/1.1 connection with one request under way. A load generator shares the machine with what it loads:
 * this one costs a tenth of a general client.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  /** Length of the reply that is coming in, once its head is there. */
  #replyLength: number | undefined;
  #chunks: Buffer[] = [];
  #chunksLength = 0;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error(`${host} closed the connection`)));
  }

  static open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket, host));
      });
    });
  }

  /** Posts and resolves with the whole reply. Rejects when the connection breaks. */
  post(path: string, mediaType: string, body: Uint8Array): Promise<HttpReply> {
    const head = `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: ${mediaType}\r\nContent-Length: ${body.length}\r\n\r\n`;
    return this.#ask(Buffer.concat([Buffer.from(head, 'latin1'), body]));
  }

  /** As {@link post}. */
  get(path: string): Promise<HttpReply> {
    return this.#ask(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`, 'latin1'));
  }

  #ask(request: Buffer): Promise<HttpReply> {
    assert(this.#waiting === undefined, 'one request at a time');
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunksLength += chunk.length;
    if (this.#replyLength !== undefined && this.#chunksLength < this.#replyLength) return;
    const received = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#chunks = [received];
    const bodyStart = received.indexOf(headEnd) + headEnd.length;
    if (bodyStart < headEnd.length) return;
    const head = received.toString('latin1', 0, bodyStart);
    const bodyLength = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (!Number.isInteger(bodyLength)) {
      this.#fail(new Error(`a reply without a length: ${head}`));
      return;
    }
    this.#replyLength = bodyStart + bodyLength;
    if (this.#chunksLength < this.#replyLength) return;
    this.#finish({ status: Number(head.slice(9, 12)), body: received.toString('utf8', bodyStart) });
  }

  #finish(reply: HttpReply): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#replyLength = undefined;
    this.#chunks = [];
    this.#chunksLength = 0;
    waiting?.resolve(reply);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
