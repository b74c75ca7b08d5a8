import { close, closeSync, constants, fsyncSync, openSync, readSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { AssentError, assert } from '../base/index.ts';
import type { Mark, MarkFile, MarkReading } from './mark-file.ts';
import { decodeSlot, encodeSlot, type Slot, slotBytes } from './mark-slot.ts';
import { storageError } from './storage-errors.ts';

/** The mark file on a disk. Slots are written in turn, each as one synchronous write of aligned pages. */
export class FileMarkFile implements MarkFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #reading: MarkReading;
  #nextIndex: 0 | 1;
  #nextSequence: number;
  readonly #buffer = new Uint8Array(slotBytes);
  #writing = false;
  #failure: AssentError | undefined;

  private constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    const slots = [readSlot(descriptor, 0), readSlot(descriptor, 1)] as const;
    const [first, second] = slots.map((slot) => (typeof slot === 'object' ? slot.sequence : 0)) as [number, number];
    const newest = second > first ? 1 : 0;
    const slot = slots[newest];
    this.#reading = {
      mark: typeof slot === 'object' ? slot.mark : undefined,
      damagedSlots: slots.filter((other) => other === 'damaged').length as 0 | 1 | 2,
    };
    // Over the older slot, or the damaged one: the newest intact mark stays until another is durable.
    this.#nextIndex = typeof slot === 'object' && newest === 0 ? 1 : 0;
    this.#nextSequence = Math.max(first, second) + 1;
  }

  /**
   * Opens the file; `create` makes an empty one where there is none. Errors: `storage-damaged` (missing),
   * `storage-permission`, `storage-full`, `storage-failed`.
   */
  static open(path: string, options: { create: boolean }): FileMarkFile {
    try {
      return new FileMarkFile(path, openOrCreate(path, options.create));
    } catch (error) {
      throw storageError(error, path);
    }
  }

  read(): MarkReading {
    return this.#reading;
  }

  write(mark: Mark, done: (error?: Error) => void): void {
    assert(!this.#writing, 'one mark is written at a time');
    if (this.#failure !== undefined) throw this.#failure;
    const encoded = encodeSlot({ sequence: this.#nextSequence, mark }, this.#buffer);
    this.#writing = true;
    write(this.#descriptor, encoded, 0, encoded.length, this.#nextIndex * slotBytes, (error, written) => {
      this.#writing = false;
      if (error !== null || written !== encoded.length) {
        this.#failure = storageError(error ?? new Error('the disk took a part of a write'), this.#path);
        return done(this.#failure);
      }
      this.#nextIndex = this.#nextIndex === 0 ? 1 : 0;
      this.#nextSequence += 1;
      done();
    });
  }

  async close(): Promise<void> {
    assert(!this.#writing, 'no mark is being written');
    await promisify(close)(this.#descriptor);
  }
}

/** O_DSYNC makes each write return after it is on the disk: one system call where write and fdatasync would be two. */
const openFlags = constants.O_RDWR | (constants.O_DSYNC ?? constants.O_SYNC);

function openOrCreate(path: string, create: boolean): number {
  try {
    return openSync(path, openFlags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (!create) throw new AssentError('storage-damaged', `The mark file ${path} is missing.`, { path });
  }
  const descriptor = openSync(path, openFlags | constants.O_CREAT | constants.O_EXCL, 0o600);
  // Both slots get their blocks now, so that a full disk shows here and a mark never needs new space.
  writeSync(descriptor, new Uint8Array(2 * slotBytes), 0, 2 * slotBytes, 0);
  fsyncSync(descriptor);
  syncDirectory(dirname(path));
  return descriptor;
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readSlot(descriptor: number, index: 0 | 1): Slot | 'empty' | 'damaged' {
  const bytes = new Uint8Array(slotBytes);
  for (let offset = 0; offset < slotBytes; ) {
    const count = readSync(descriptor, bytes, offset, slotBytes - offset, index * slotBytes + offset);
    if (count === 0) break;
    offset += count;
  }
  return decodeSlot(bytes);
}
