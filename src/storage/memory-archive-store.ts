import { assert, concatBytes } from '../base/index.ts';
import { type ArchiveStore, type ByteRange, isArchiveName } from './archive-store.ts';

/** The in-memory twin of DirectoryArchiveStore, for tests and simulations. */
export class MemoryArchiveStore implements ArchiveStore {
  readonly place: string = 'memory';
  readonly #files = new Map<string, Uint8Array>();

  async prepare(): Promise<void> {
    // It needs no place.
  }

  async put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    assert(isArchiveName(name), 'a file has a plain name');
    const pieces: Uint8Array[] = [];
    if (content instanceof Uint8Array) pieces.push(content);
    else for await (const piece of content) pieces.push(piece);
    this.#files.set(name, concatBytes(...pieces));
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const bytes = this.#files.get(name);
    return range === undefined ? bytes?.slice() : bytes?.slice(range.offset, range.offset + range.length);
  }

  async has(name: string): Promise<boolean> {
    return this.#files.has(name);
  }

  async list(): Promise<string[]> {
    return [...this.#files.keys()].sort();
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name);
  }
}
