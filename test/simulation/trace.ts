/** A running digest of everything that happens, so that two runs of a seed can be compared; and, if wanted, its text. */
export class Trace {
  readonly #write: ((line: string) => void) | undefined;
  #high = 0x811c_9dc5;
  #low = 0x1234_5678;

  constructor(write?: (line: string) => void) {
    this.#write = write;
  }

  /** Whether anyone reads the text: building it costs more than the event. */
  get isWritten(): boolean {
    return this.#write !== undefined;
  }

  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x0100_0193);
    this.#low = (Math.imul(this.#low, 0x5bd1_e995) + (this.#high ^ (value >>> 7))) | 0;
  }

  mixText(text: string): void {
    for (let index = 0; index < text.length; index++) this.mix(text.charCodeAt(index));
  }

  mixBytes(bytes: Uint8Array): void {
    this.mix(bytes.length);
    for (const byte of bytes) this.mix(byte);
  }

  /** Writes a line of text; it is no part of the digest. */
  line(nowMs: number, text: () => string): void {
    this.#write?.(`${nowMs.toFixed(3).padStart(12)} ${text()}`);
  }
}
