import type { Connection } from '@libp2p/interface';
import type { Clock, Timer } from '../base/index.ts';

/**
 * Which connection to a peer is in use, when both ends dial and two may arise. Both do dial, so that a restarted node is
 * back at once, whoever noticed.
 *
 * The end with the smaller id decides: it uses the first connection, greets on it (any byte will do), and ends every
 * other one while that lives. The end with the larger id uses the connection on which it was greeted last, and sends
 * nothing before. So no frame ever goes into a connection that loses, and the two ends never choose differently.
 */
export class ConnectionChoice {
  readonly #decides: boolean;
  readonly #clock: Clock;
  readonly #greetingTimeoutMs: number;
  readonly #onUse: (connection: Connection) => void;
  readonly #onLost: () => void;
  /** Each with the timer that ends it unless it was greeted. */
  readonly #open = new Map<Connection, Timer>();
  #current: Connection | undefined;

  constructor(options: {
    /** Whether this end has the smaller id. */
    decides: boolean;
    clock: Clock;
    /** How long a connection may wait for the greeting. */
    greetingTimeoutMs: number;
    /** There is a connection now, or another one than before. */
    onUse: (connection: Connection) => void;
    /** The connection in use ended. */
    onLost: () => void;
  }) {
    this.#decides = options.decides;
    this.#clock = options.clock;
    this.#greetingTimeoutMs = options.greetingTimeoutMs;
    this.#onUse = options.onUse;
    this.#onLost = options.onLost;
  }

  get current(): Connection | undefined {
    return this.#current;
  }

  /** A connection was established, by either end. */
  offer(connection: Connection): void {
    if (this.#decides && this.#current !== undefined) {
      connection.abort(new Error('there is a connection already'));
      return;
    }
    this.#expectGreeting(connection, this.#greetingTimeoutMs);
    connection.addEventListener('close', () => this.#closed(connection));
    if (this.#decides) this.#use(connection);
  }

  /** The other end has something to clear up first: its greeting may come so much later. */
  postpone(connection: Connection, delayMs: number): void {
    if (this.#open.has(connection)) this.#expectGreeting(connection, delayMs + this.#greetingTimeoutMs);
  }

  /** Bytes came in on a connection. */
  greeted(connection: Connection): void {
    if (this.#current !== connection && this.#open.has(connection)) this.#use(connection);
  }

  /** Ends every connection. */
  abort(reason: Error): void {
    for (const connection of [...this.#open.keys()]) connection.abort(reason);
  }

  #use(connection: Connection): void {
    const former = this.#current;
    this.#current = connection;
    this.#onUse(connection);
    former?.abort(new Error('the peer chose another connection'));
  }

  #expectGreeting(connection: Connection, timeoutMs: number): void {
    this.#open.get(connection)?.cancel();
    const timer = this.#clock.after(timeoutMs, () => {
      if (this.#current !== connection) connection.abort(new Error('no greeting came'));
    });
    this.#open.set(connection, timer);
  }

  #closed(connection: Connection): void {
    this.#open.get(connection)?.cancel();
    this.#open.delete(connection);
    if (this.#current !== connection) return;
    this.#current = undefined;
    this.#onLost();
  }
}
