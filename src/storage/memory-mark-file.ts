import { assert } from '../base/index.ts';
import { type Mark, type MarkFile, type MarkReading, markBytesMax } from './mark-file.ts';

/** The in-memory twin of FileMarkFile, for tests. */
export class MemoryMarkFile implements MarkFile {
  #mark: Mark | undefined;
  #writing = false;

  read(): MarkReading {
    return { mark: this.#mark, damagedSlots: 0 };
  }

  write(bytes: Uint8Array, journalNumber: number, done: (error?: Error) => void): void {
    assert(!this.#writing, 'one mark is written at a time');
    assert(bytes.length >= 1 && bytes.length <= markBytesMax, 'a mark fits its slot');
    this.#writing = true;
    queueMicrotask(() => {
      this.#mark = { bytes: bytes.slice(), journalNumber };
      this.#writing = false;
      done();
    });
  }

  async close(): Promise<void> {
    assert(!this.#writing, 'no mark is being written');
  }
}
