import { assert } from '../base/index.ts';
import { assertMark, type Mark, type MarkFile, type MarkReading } from './mark-file.ts';

/** The in-memory twin of FileMarkFile, for tests. */
export class MemoryMarkFile implements MarkFile {
  #mark: Mark | undefined;
  #writing = false;

  read(): MarkReading {
    return { mark: this.#mark, damagedSlots: 0 };
  }

  write(mark: Mark, done: (error?: Error) => void): void {
    assert(!this.#writing, 'one mark is written at a time');
    assertMark(mark);
    this.#writing = true;
    queueMicrotask(() => {
      this.#mark = { ...mark, bytes: mark.bytes.slice() };
      this.#writing = false;
      done();
    });
  }

  async close(): Promise<void> {
    assert(!this.#writing, 'no mark is being written');
  }
}
