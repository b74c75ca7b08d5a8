import type { Stream } from '@libp2p/interface';
import { FramePacker } from './frame-packer.ts';
import type { ChannelLimits } from './limits.ts';

/** With yamux's header of 12 bytes, a piece fills one noise message (65,519 bytes) and never splits into two. */
const pieceBytesMax = 65_507;

/** What an outbox needs of its peer. */
export interface OutboxOwner {
  /** Opens a stream for this channel on the connection in use. Rejects when that fails; the connection is ended then. */
  openStream(): Promise<Stream>;
  /** Something changed that may let frames go out: flush all channels once this turn is over. */
  requestFlush(): void;
  /** A stream could not be opened, or broke while it took bytes. */
  failed(error: unknown): void;
  /** The peer sent bytes on a stream that goes the other way. */
  violated(error: Error): void;
}

type OutgoingStream = Stream | 'opening' | undefined;

/**
 * One channel towards one peer: a bounded queue in front of a stream that is opened for the first frame and again after
 * it broke. Takes from the queue only while the stream accepts, so back-pressure reaches whoever calls `push`: at most
 * one piece waits within libp2p, and yamux keeps at most its window (256 KiB) on the way.
 */
export class Outbox {
  readonly #owner: OutboxOwner;
  readonly #packer: FramePacker;
  #stream: OutgoingStream;

  constructor(limits: ChannelLimits, owner: OutboxOwner) {
    this.#packer = new FramePacker(limits);
    this.#owner = owner;
  }

  get waitingBytes(): number {
    return this.#packer.waitingBytes;
  }

  get waitingFrames(): number {
    return this.#packer.waitingFrames;
  }

  /** Queues a frame, or answers false when there is no room. It leaves with the next flush. */
  push(frame: Uint8Array): boolean {
    return this.#packer.push(frame);
  }

  /** Hands one piece over if the stream accepts one now, and says whether it did. Opens the stream where there is none. */
  flushPiece(): boolean {
    const stream = this.#stream;
    if (this.#packer.waitingBytes === 0 || stream === 'opening') return false;
    if (stream === undefined) {
      this.#open();
      return false;
    }
    if (!accepts(stream)) return false;
    try {
      stream.send(this.#packer.take(pieceBytesMax));
      return true;
    } catch (error) {
      this.#owner.failed(error);
      stream.abort(new Error('the stream does not take what it said it would', { cause: error }));
      return false;
    }
  }

  /** Drops what waits; the connection is gone. */
  clear(): void {
    this.#packer.clear();
  }

  #open(): void {
    this.#stream = 'opening';
    this.#owner.openStream().then(
      (stream) => this.#opened(stream),
      (error: unknown) => {
        this.#stream = undefined;
        this.#owner.failed(error);
        this.#owner.requestFlush();
      },
    );
  }

  #opened(stream: Stream): void {
    if (stream.status !== 'open') {
      this.#stream = undefined;
      this.#owner.requestFlush();
      return;
    }
    this.#stream = stream;
    stream.addEventListener('close', () => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.#packer.rewind();
      this.#owner.requestFlush();
    });
    // libp2p sends what it holds itself in a microtask that it queues in this same event, before ours.
    stream.addEventListener('drain', () => queueMicrotask(() => this.#owner.requestFlush()));
    stream.addEventListener('message', () =>
      this.#owner.violated(new Error('bytes on a stream of the other direction')),
    );
    this.#owner.requestFlush();
  }
}

/** Bytes left in the write buffer mean that libp2p itself is still busy with our last piece. */
function accepts(stream: Stream): boolean {
  return stream.writeStatus === 'writable' && !stream.writableNeedsDrain && stream.writeBufferLength === 0;
}
