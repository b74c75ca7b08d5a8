import { AssentError } from '../base/index.ts';

/** Every frame is preceded by its length: uint32, big-endian. */
export const frameHeaderBytes = 4;

/**
 * Cuts a stream of bytes into frames, however it was chunked. Each frame is copied once, into bytes of its own, so that
 * a small frame never keeps a large receive buffer alive. Holds one unfinished frame at most, so never more than the
 * bound. A frame of length 0 is a sign of life and is not delivered.
 */
export class FrameParser {
  readonly #frameBytesMax: number;
  readonly #deliver: (frame: Uint8Array) => void;
  #headerFilled = 0;
  #length = 0;
  #frame: Uint8Array | undefined;
  #frameFilled = 0;

  constructor(frameBytesMax: number, deliver: (frame: Uint8Array) => void) {
    this.#frameBytesMax = frameBytesMax;
    this.#deliver = deliver;
  }

  /** Whether the bytes so far end within a frame. */
  get midFrame(): boolean {
    return this.#headerFilled > 0;
  }

  /** Takes the next bytes. Throws AssentError `frame-invalid` as soon as a header announces too long a frame. */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length)
      offset = this.#frame === undefined ? this.#takeHeader(chunk, offset) : this.#takeBody(this.#frame, chunk, offset);
  }

  #takeHeader(chunk: Uint8Array, start: number): number {
    let offset = start;
    while (this.#headerFilled < frameHeaderBytes && offset < chunk.length) {
      this.#length = this.#length * 256 + (chunk[offset] as number);
      this.#headerFilled += 1;
      offset += 1;
    }
    if (this.#headerFilled < frameHeaderBytes) return offset;
    const length = this.#length;
    if (length > this.#frameBytesMax)
      throw new AssentError('frame-invalid', `a frame of ${length} bytes is above the bound of ${this.#frameBytesMax}`);
    if (length === 0) this.#expectHeader();
    else this.#frame = new Uint8Array(length);
    return offset;
  }

  #takeBody(frame: Uint8Array, chunk: Uint8Array, offset: number): number {
    const end = Math.min(chunk.length, offset + frame.length - this.#frameFilled);
    frame.set(offset === 0 && end === chunk.length ? chunk : chunk.subarray(offset, end), this.#frameFilled);
    this.#frameFilled += end - offset;
    if (this.#frameFilled === frame.length) {
      this.#expectHeader();
      this.#deliver(frame);
    }
    return end;
  }

  #expectHeader(): void {
    this.#headerFilled = 0;
    this.#length = 0;
    this.#frame = undefined;
    this.#frameFilled = 0;
  }
}
