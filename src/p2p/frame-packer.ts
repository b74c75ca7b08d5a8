import { assert, BoundedQueue } from '../base/index.ts';
import { frameHeaderBytes } from './frame-parser.ts';
import type { ChannelLimits } from './limits.ts';

/**
 * The frames that wait for one stream, handed out as pieces of bytes: small frames together in one piece, a large frame
 * spread over several. One copy a byte, one piece a write, so the cost of encryption and of system calls is shared.
 */
export class FramePacker {
  readonly #queue: BoundedQueue<Uint8Array>;
  readonly #frameBytesMax: number;
  /** How much of the first frame, header included, was handed out already. */
  #headSent = 0;

  constructor(limits: ChannelLimits) {
    this.#frameBytesMax = limits.frameBytesMax;
    this.#queue = new BoundedQueue({
      countMax: limits.queueFramesMax,
      weightMax: limits.queueBytesMax,
      weigh: (frame) => frameHeaderBytes + frame.length,
    });
  }

  /** Frames of which at least a part waits. */
  get waitingFrames(): number {
    return this.#queue.length;
  }

  /** Bytes that wait, headers included. */
  get waitingBytes(): number {
    return this.#queue.weight - this.#headSent;
  }

  /** Appends a frame, or answers false when the queue is full. */
  push(frame: Uint8Array): boolean {
    assert(frame.length <= this.#frameBytesMax, 'a frame is within the bound of its channel');
    return this.#queue.push(frame);
  }

  /** The next bytes for the stream, at most `bytesMax`; empty when nothing waits. */
  take(bytesMax: number): Uint8Array {
    const piece = Buffer.allocUnsafe(Math.min(bytesMax, this.waitingBytes));
    let filled = 0;
    while (filled < piece.length) filled = this.#takeOfHead(piece, filled);
    return piece;
  }

  #takeOfHead(piece: Uint8Array, start: number): number {
    const frame = this.#queue.peek();
    assert(frame !== undefined, 'the queue holds the bytes it weighs');
    let filled = start;
    for (; this.#headSent < frameHeaderBytes && filled < piece.length; this.#headSent++)
      piece[filled++] = (frame.length >>> (8 * (frameHeaderBytes - 1 - this.#headSent))) & 0xff;
    const from = this.#headSent - frameHeaderBytes;
    const length = Math.min(frame.length - from, piece.length - filled);
    if (length > 0 && from >= 0) {
      piece.set(length === frame.length ? frame : frame.subarray(from, from + length), filled);
      filled += length;
      this.#headSent += length;
    }
    if (this.#headSent === frameHeaderBytes + frame.length) {
      this.#queue.shift();
      this.#headSent = 0;
    }
    return filled;
  }

  /** Starts the first frame over: the stream that got a part of it is gone. */
  rewind(): void {
    this.#headSent = 0;
  }

  clear(): void {
    this.#queue.clear();
    this.#headSent = 0;
  }
}
