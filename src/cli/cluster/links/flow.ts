import type { Socket } from 'node:net';

/** What one node sends to another: the same for every connection between the two, whoever dialled. */
export interface Direction {
  cut: boolean;
  /** What is taken now is handed on this much later. */
  delayMs: number;
}

/** What waits in one connection and direction; the sender waits when it is more. */
const waitingBytesMax = 1024 * 1024;

interface Parcel {
  /** Bytes, or how the sender came to its end. */
  readonly content: Uint8Array | 'end' | 'close';
  readonly dueMs: number;
}

/**
 * Hands on in order what comes from one socket to another. While its direction is cut everything waits, the sender's end
 * included: neither side is told, as with a network that loses packets.
 */
export class Flow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #direction: Direction;
  readonly #waiting: Parcel[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket, direction: Direction) {
    this.#source = source;
    this.#sink = sink;
    this.#direction = direction;
    source.on('data', (bytes) => this.#take(bytes));
    source.once('end', () => this.#take('end'));
    source.once('close', () => this.#take('close'));
    sink.on('drain', () => this.move());
    sink.once('close', () => clearTimeout(this.#timer));
  }

  /** Hands on what is due. To be called when the direction has changed. */
  move(): void {
    clearTimeout(this.#timer);
    if (this.#sink.destroyed || (this.#sink.pending && !this.#sink.connecting)) return;
    for (;;) {
      const [parcel] = this.#waiting;
      if (parcel === undefined || this.#direction.cut || this.#sink.writableNeedDrain) break;
      const earlyMs = parcel.dueMs - performance.now();
      if (earlyMs > 0) {
        this.#timer = setTimeout(() => this.move(), earlyMs);
        break;
      }
      this.#waiting.shift();
      this.#handOn(parcel.content);
    }
    if (this.#waitingBytes < waitingBytesMax) this.#source.resume();
  }

  #take(content: Parcel['content']): void {
    // What is due later holds up all that came after it: a shorter delay lets nothing overtake.
    this.#waiting.push({ content, dueMs: performance.now() + this.#direction.delayMs });
    if (typeof content !== 'string') this.#waitingBytes += content.length;
    if (this.#waitingBytes >= waitingBytesMax) this.#source.pause();
    this.move();
  }

  #handOn(content: Parcel['content']): void {
    if (content === 'end') this.#sink.end();
    else if (content === 'close') this.#sink.destroySoon();
    else {
      this.#waitingBytes -= content.length;
      this.#sink.write(content);
    }
  }
}
