/** The signer's mark as the file holds it. */
export interface Mark {
  /** What the signer promised last, in the signer's own encoding; 1 to {@link markBytesMax} bytes. */
  readonly bytes: Uint8Array;
  /** The journal number of the batch that holds the same promise. */
  readonly journalNumber: number;
}

export interface MarkReading {
  /** The newest intact mark; undefined when none was ever written or none is intact. */
  readonly mark: Mark | undefined;
  /** Slots that hold something that is not a mark. A torn write damages one; two are never the work of a crash. */
  readonly damagedSlots: 0 | 1 | 2;
}

/** The most bytes of a mark: one slot of 4 KiB less its header and checksum. */
export const markBytesMax = 4032;

/**
 * The second place of the signer's mark (protocol.md §6), apart from the database, so that a database that lost its
 * newest batches is noticed. Two slots, written in turn: a torn write spares the mark before it.
 */
export interface MarkFile {
  /** The newest intact mark, at start. */
  read(): MarkReading;
  /** Writes and syncs before `done`. One at a time: the next call comes after `done`. */
  write(bytes: Uint8Array, journalNumber: number, done: (error?: Error) => void): void;
  close(): Promise<void>;
}
