/** What happened, by the names of docs/simulator.md. */
export type TraceEvent =
  | 'run'
  | 'start'
  | 'refused-start'
  | 'crash'
  | 'stop'
  | 'pause'
  | 'resume'
  | 'send'
  | 'deliver'
  | 'drop'
  | 'persisted'
  | 'write-failed'
  | 'role'
  | 'commit'
  | 'told'
  | 'invoke'
  | 'respond'
  | 'fault'
  | 'heal'
  | 'log'
  | 'violation'
  | 'end';

/** A running digest of everything that happens, so that two runs of a seed can be compared; and, if wanted, its text. */
export class Trace {
  readonly #write: ((line: string) => void) | undefined;
  readonly #seed: number;
  #step = 0;
  #high = 0x811c_9dc5;
  #low = 0x1234_5678;

  constructor(write?: (line: string) => void, seed: number = 0) {
    this.#write = write;
    this.#seed = seed;
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

  /** The next event of the run begins. */
  nextStep(): void {
    this.#step += 1;
  }

  /** Writes a line of JSON; it is no part of the digest. */
  line(nowMs: number, event: TraceEvent, fields: () => object): void {
    if (this.#write === undefined) return;
    const ms = Math.round(nowMs * 1000) / 1000;
    this.#write(JSON.stringify({ seed: this.#seed, step: this.#step, ms, event, ...fields() }));
  }
}
