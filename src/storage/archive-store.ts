/** A piece of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Files that are written once and kept: the archive of blocks, snapshots. A directory here; an object store elsewhere.
 * Names are lower-case letters, digits, dots and hyphens. Failures are `archive-full`, `archive-permission` or
 * `archive-failed`, and what was there before is there after them.
 */
export interface ArchiveStore {
  /** Where it is, for messages to people. */
  readonly place: string;
  /** Makes the place where the files will be, unless it is there. */
  prepare(): Promise<void>;
  /**
   * Writes a file, in pieces where it is large. Resolves when it is durable: from then on it is there whole, and before
   * that not at all. In the place of one of the same name.
   */
  put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /** The file, or as much of the range as the file has. Undefined where there is no such file. */
  get(name: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  has(name: string): Promise<boolean>;
  /** The names of all files, ascending. */
  list(): Promise<string[]>;
  /** Removes a file; one that is not there is removed already. */
  remove(name: string): Promise<void>;
}

const namePattern = /^[a-z0-9][a-z0-9.-]{0,99}$/;

/** Whether a file may have this name. */
export function isArchiveName(name: string): boolean {
  return namePattern.test(name);
}
