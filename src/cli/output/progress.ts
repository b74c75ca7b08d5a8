import type { TextStream } from '../shell.ts';

const barWidth = 24;
/** Work that is done by then needs no bar. */
const silentMs = 1000;
/** Without a terminal there is no line to overwrite, so lines are rare. */
const linesEveryMs = 5000;

/** A bar on standard error for work that takes more than a second. */
export class Progress {
  readonly #stream: TextStream;
  readonly #title: string;
  readonly #startedMs: number = performance.now();
  #nextLineMs: number = silentMs;
  #shown = false;

  constructor(stream: TextStream, title: string) {
    this.#stream = stream;
    this.#title = title;
  }

  /** Shows a part of the work as done, between 0 and 1. */
  update(part: number, detail: string = ''): void {
    const elapsedMs = performance.now() - this.#startedMs;
    if (elapsedMs < this.#nextLineMs) return;
    const filled = Math.round(Math.min(1, Math.max(0, part)) * barWidth);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
    const text = `${this.#title} ${bar} ${String(Math.floor(part * 100)).padStart(3)} % ${detail}`.trimEnd();
    if (this.#stream.isTTY === true)
      this.#stream.write(`\r\u001b[2K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    else {
      this.#stream.write(`${text}\n`);
      this.#nextLineMs = elapsedMs + linesEveryMs;
    }
    this.#shown = true;
  }

  /** Removes the bar. */
  finish(): void {
    if (this.#shown && this.#stream.isTTY === true) this.#stream.write('\r\u001b[2K');
  }
}
