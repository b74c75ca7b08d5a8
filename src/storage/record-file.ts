import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type AssentError, equalBytes, utf8 } from '../base/index.ts';
import { archiveError } from './directory-archive-store.ts';

/*
 * A file of records: sixteen bytes that say what it is, then each record with its length (4 bytes, big-endian) before it,
 * then four bytes of ones and the SHA-256 of all that is before it. Whether it is whole is known before any of it is used.
 */

const kindBytes = 16;
const lengthBytes = 4;
const digestBytes = 32;
const end = 0xffff_ffff;
/** No record is larger: what is larger is no length. */
const recordBytesMax = 16 * 1024 * 1024;

/** The file's bytes, in pieces. `kind` is at most sixteen ASCII characters. */
export async function* recordFile(kind: string, records: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const hashed = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes);
    return bytes;
  };
  yield hashed(encodeKind(kind));
  for await (const record of records) {
    yield hashed(encodeLength(record.length));
    yield hashed(record);
  }
  yield hashed(encodeLength(end));
  yield new Uint8Array(hash.digest());
}

/** Reads the whole file and throws what `invalid` makes of the reason unless it is whole and of this kind. */
export async function checkRecordFile(
  path: string,
  kind: string,
  invalid: (reason: string) => AssentError,
): Promise<void> {
  for await (const _ of recordsOf(path, kind, invalid)) {
    // That it can be read to its end is all that is asked.
  }
}

/** The records of a file that was checked. */
export function readRecordFile(
  path: string,
  kind: string,
  invalid: (reason: string) => AssentError,
): AsyncGenerator<Uint8Array> {
  return recordsOf(path, kind, invalid);
}

async function* recordsOf(
  path: string,
  kind: string,
  invalid: (reason: string) => AssentError,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const bytes = new Bytes(path);
  const next = async (length: number): Promise<Uint8Array> => {
    const piece = await bytes.next(length);
    if (piece === undefined) throw invalid('it is cut off');
    return piece;
  };
  try {
    const first = await bytes.next(kindBytes);
    if (first === undefined || !equalBytes(first, encodeKind(kind)))
      throw invalid('it is no such file, or of another version');
    hash.update(first);
    for (;;) {
      const lengthField = await next(lengthBytes);
      hash.update(lengthField);
      const length = new DataView(lengthField.buffer, lengthField.byteOffset).getUint32(0);
      if (length === end) break;
      if (length > recordBytesMax) throw invalid('it is damaged');
      const record = await next(length);
      hash.update(record);
      yield record;
    }
    if (!equalBytes(await next(digestBytes), new Uint8Array(hash.digest()))) throw invalid('it is damaged');
    if ((await bytes.next(1)) !== undefined) throw invalid('something follows its end');
  } finally {
    bytes.close();
  }
}

/** A file's bytes in pieces of the lengths that are asked for. */
class Bytes {
  readonly #path: string;
  readonly #stream: ReturnType<typeof createReadStream>;
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Uint8Array = new Uint8Array();

  constructor(path: string) {
    this.#path = path;
    this.#stream = createReadStream(path, { highWaterMark: 256 * 1024 });
    this.#pieces = this.#stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Undefined where the file ends before. */
  async next(length: number): Promise<Uint8Array | undefined> {
    const pieces = [this.#held];
    let bytes = this.#held.length;
    while (bytes < length) {
      const piece = await this.#read();
      if (piece === undefined) return undefined;
      pieces.push(piece);
      bytes += piece.length;
    }
    const joined = pieces.length === 1 ? this.#held : new Uint8Array(Buffer.concat(pieces));
    this.#held = joined.subarray(length);
    return joined.slice(0, length);
  }

  close(): void {
    this.#stream.destroy();
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      const { value, done } = await this.#pieces.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw archiveError(error, this.#path);
    }
  }
}

function encodeKind(kind: string): Uint8Array {
  const bytes = new Uint8Array(kindBytes);
  bytes.set(utf8(kind));
  return bytes;
}

function encodeLength(length: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}
