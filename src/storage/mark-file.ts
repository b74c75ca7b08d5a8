import { assert } from '../base/index.ts';

/** A batch as the mark file repeats it, so that a start can write it again. */
export interface RedoBatch {
  /** Digest of the journal entry before it, 32 bytes: what it may be written after. */
  readonly previousDigest: Uint8Array;
  /** Digest of the packed operations, 32 bytes. */
  readonly digest: Uint8Array;
  /** The operations as `packOperations` writes them; at most {@link redoBytesMax} bytes. */
  readonly operations: Uint8Array;
}

/** The signer's mark as the file holds it. */
export interface Mark {
  /** What the signer promised last, in the signer's own encoding; 1 to {@link markBytesMax} bytes. */
  readonly bytes: Uint8Array;
  /** The journal number of the batch that holds the same promise. */
  readonly journalNumber: number;
  /** That batch, where it is small: it is durable as soon as the mark is. */
  readonly redo?: RedoBatch;
}

export interface MarkReading {
  /** The newest intact mark; undefined when none was ever written or none is intact. */
  readonly mark: Mark | undefined;
  /** Slots that hold something that is not a mark. A torn write damages one; two are never the work of a crash. */
  readonly damagedSlots: 0 | 1 | 2;
}

/** The most bytes of a mark. */
export const markBytesMax = 4000;

/** The most bytes of a repeated batch. */
export const redoBytesMax = 60_000;

/** A mark within the bounds; anything else is a bug of the caller. */
export function assertMark({ bytes, redo }: Mark): void {
  assert(bytes.length >= 1 && bytes.length <= markBytesMax, 'a mark fits its slot');
  assert(redo === undefined || redo.operations.length <= redoBytesMax, 'a batch fits its slot');
}

/**
 * The second place of the signer's mark (protocol.md §6), apart from the database, so that a database that lost its
 * newest batches is noticed. Two slots, written in turn: a torn write spares the mark before it.
 */
export interface MarkFile {
  /** The newest intact mark, at start. */
  read(): MarkReading;
  /** Writes and syncs before `done`. One at a time: the next call comes after `done`. */
  write(mark: Mark, done: (error?: Error) => void): void;
  close(): Promise<void>;
}
