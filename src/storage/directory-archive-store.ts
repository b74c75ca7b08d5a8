import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssentError, assert, type ErrorCode, messageOf } from '../base/index.ts';
import { type ArchiveStore, type ByteRange, isArchiveName } from './archive-store.ts';

/** Ends the name of a file that is being written. No file of an archive has such a name: it begins with a dot. */
const partSuffix = '.part';

/** An archive in a folder of its own. What an interrupted write left behind is no file of it, and goes with the next opening. */
export class DirectoryArchiveStore implements ArchiveStore {
  readonly place: string;

  constructor(place: string) {
    this.place = place;
  }

  /** An archive whose folder is {@link prepare}d. */
  static async open(place: string): Promise<DirectoryArchiveStore> {
    const store = new DirectoryArchiveStore(place);
    await store.prepare();
    return store;
  }

  /** Makes the folder unless it is there. Throws `archive-permission`, `archive-full` or `archive-failed`. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.place, { recursive: true, mode: 0o700 });
      for (const name of await readdir(this.place)) if (isPart(name)) await rm(join(this.place, name), { force: true });
    } catch (error) {
      throw archiveError(error, this.place);
    }
  }

  async put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    assert(isArchiveName(name), 'a file has a plain name');
    const part = join(this.place, `.${name}${partSuffix}`);
    try {
      await this.#write(part, content);
      await rename(part, join(this.place, name));
      await this.#sync();
    } catch (error) {
      // What the failure was about comes first; a part that stays is removed when the archive is opened again.
      await rm(part, { force: true }).catch(() => undefined);
      throw archiveError(error, this.place);
    }
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    assert(isArchiveName(name), 'a file has a plain name');
    let file: FileHandle | undefined;
    try {
      file = await open(join(this.place, name), 'r');
      const { size } = await file.stat();
      const offset = range?.offset ?? 0;
      return await readPiece(file, offset, Math.max(0, Math.min(range?.length ?? size, size - offset)));
    } catch (error) {
      if (isMissing(error) && (await this.#isThere())) return undefined;
      throw archiveError(error, this.place);
    } finally {
      await file?.close();
    }
  }

  async has(name: string): Promise<boolean> {
    try {
      await stat(join(this.place, name));
      return true;
    } catch (error) {
      if (isMissing(error) && (await this.#isThere())) return false;
      throw archiveError(error, this.place);
    }
  }

  async list(): Promise<string[]> {
    try {
      return (await readdir(this.place)).filter(isArchiveName).sort();
    } catch (error) {
      throw archiveError(error, this.place);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await rm(join(this.place, name), { force: true });
      await this.#sync();
    } catch (error) {
      throw archiveError(error, this.place);
    }
  }

  async #write(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const file = await open(path, 'w', 0o600);
    try {
      if (content instanceof Uint8Array) await file.writeFile(content);
      else for await (const piece of content) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Makes the names in the folder durable. */
  async #sync(): Promise<void> {
    const folder = await open(this.place, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** A folder that is gone, a disk that is not mounted say, is no archive without this file. */
  async #isThere(): Promise<boolean> {
    try {
      return (await stat(this.place)).isDirectory();
    } catch (error) {
      if (isMissing(error)) return false;
      throw archiveError(error, this.place);
    }
  }
}

async function readPiece(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) return bytes.slice(0, done);
    done += bytesRead;
  }
  return bytes;
}

function isPart(name: string): boolean {
  return name.startsWith('.') && name.endsWith(partSuffix);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** The expected failure behind what the file system threw. */
export function archiveError(thrown: unknown, place: string): AssentError {
  if (thrown instanceof AssentError) return thrown;
  const code = codes[(thrown as NodeJS.ErrnoException).code ?? ''] ?? 'archive-failed';
  return new AssentError(
    code,
    `${sentences[code]} ${place}: ${messageOf(thrown)}.`,
    { path: place },
    { cause: thrown },
  );
}

type ArchiveErrorCode = Extract<ErrorCode, 'archive-full' | 'archive-permission' | 'archive-failed'>;

const codes: Readonly<Record<string, ArchiveErrorCode>> = {
  ENOSPC: 'archive-full',
  EDQUOT: 'archive-full',
  EFBIG: 'archive-full',
  EACCES: 'archive-permission',
  EPERM: 'archive-permission',
  EROFS: 'archive-permission',
};

const sentences: Readonly<Record<ArchiveErrorCode, string>> = {
  'archive-full': 'There is no room for another file in',
  'archive-permission': 'This user may not read and write',
  'archive-failed': 'The disk refused an operation under',
};
