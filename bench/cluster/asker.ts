import { setTimeout as sleep } from 'node:timers/promises';
import { present } from '../../src/base/index.ts';
import { type Percentiles, percentilesOf } from '../statistics.ts';
import { Connection, type HttpReply } from './connection.ts';

/** More than are ever busy while a node keeps up: who waits for a connection would wait for the asker. */
const connectionsPerNode = 32;

/** Sends one request and resolves with the reply. */
export type Request = (connection: Connection, count: number) => Promise<HttpReply>;

/** Asks all nodes in turn at a steady rate, whether answers come or not, over kept-alive connections. */
export class Asker {
  readonly #nodes: readonly Pool[];

  private constructor(nodes: readonly Pool[]) {
    this.#nodes = nodes;
  }

  static async open(urls: readonly string[]): Promise<Asker> {
    return new Asker(await Promise.all(urls.map((url) => Pool.open(url))));
  }

  /** Milliseconds from the time at which each request was due until its reply was there. Rejects with one that is not 200. */
  async run(request: Request, perSecond: number, seconds: number): Promise<Percentiles> {
    const latencies: number[] = [];
    const pending: Promise<void>[] = [];
    const startMs = performance.now();
    for (let count = 0; count < seconds * perSecond; count++) {
      const dueMs = startMs + (count * 1000) / perSecond;
      // Timers count whole milliseconds and may be early by a part of one.
      for (let leftMs = dueMs - performance.now(); leftMs > 0; leftMs = dueMs - performance.now()) await sleep(leftMs);
      pending.push(this.#ask(request, count).then(() => void latencies.push(performance.now() - dueMs)));
    }
    await Promise.all(pending);
    return percentilesOf(latencies);
  }

  close(): void {
    for (const node of this.#nodes) node.close();
  }

  async #ask(request: Request, count: number): Promise<void> {
    const node = present(this.#nodes[count % this.#nodes.length], 'there are nodes');
    const connection = await node.take();
    const { status, body } = await request(connection, count);
    if (status !== 200) throw new Error(`a request ended with ${status}: ${body}`);
    node.giveBack(connection);
  }
}

/** The connections to one node; who finds none free waits for its turn. */
class Pool {
  readonly #free: Connection[];
  readonly #waiting: ((connection: Connection) => void)[] = [];

  private constructor(connections: Connection[]) {
    this.#free = connections;
  }

  static async open(url: string): Promise<Pool> {
    return new Pool(await Promise.all(Array.from({ length: connectionsPerNode }, () => Connection.open(url))));
  }

  take(): Promise<Connection> | Connection {
    return this.#free.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  giveBack(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(connection);
    else next(connection);
  }

  close(): void {
    for (const connection of this.#free) connection.close();
  }
}
