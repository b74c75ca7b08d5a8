import type { Connection } from '@libp2p/interface';
import type { Clock, Timer } from '../base/index.ts';

/**
 * What a dialler does whose peer does not know it yet. Such a peer resets every stream, and asks for an introduction on
 * one of its own; a reset that it sent always arrives before the end of that stream. So after the first reset nothing is
 * sent on the connection until the peer's question ended; whatever was reset before that is worth another attempt.
 */
export class IntroductionWait {
  readonly #clock: Clock;
  readonly #waitMs: number | undefined;
  readonly #tried = new WeakSet<Connection>();
  #current: { readonly connection: Connection; readonly timer: Timer } | undefined;
  #round = 0;

  /** `waitMs`: the longest wait; undefined when this node gives no introductions. */
  constructor(clock: Clock, waitMs: number | undefined) {
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  get waiting(): boolean {
    return this.#current !== undefined;
  }

  /** Changes whenever a wait or a question ended. */
  get round(): number {
    return this.#round;
  }

  /** Whether the connection may still become useful, though a stream that was opened in that round was reset. */
  reset(connection: Connection, round: number): boolean {
    if (round !== this.#round || this.#current?.connection === connection) return true;
    const { direction, status } = connection;
    if (this.#waitMs === undefined || direction !== 'outbound' || status !== 'open' || this.#tried.has(connection))
      return false;
    this.#tried.add(connection);
    const timer = this.#clock.after(this.#waitMs, () => connection.abort(new Error('no introduction was asked for')));
    this.#current = { connection, timer };
    return true;
  }

  /** The peer's question ended, or the connection did. */
  end(): void {
    this.#round += 1;
    this.#current?.timer.cancel();
    this.#current = undefined;
  }
}
