import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, concatBytes, equalBytes, type Logger } from '../../base/index.ts';
import { domainPrefix, SEALING_OVERHEAD_BYTES, seal, sha256, unseal } from '../../crypto/index.ts';
import { FILE_MODE, fileOperation, readFileIfPresent, replaceFile, syncDirectory, writeFully } from './files.ts';
import { packRecord, unpackRecord } from './records.ts';

/** Where a segment lies, and the link that its seal is bound to. */
export interface Segment {
  readonly offset: number;
  readonly sealedBytes: number;
  readonly previousLink: Uint8Array;
}

const LENGTH_BYTES = 4;
const SEALED_BYTES_MAX = 64 * 1024 * 1024;
const firstLink = sha256(domainPrefix('keystore-segments'));
const markDomain = domainPrefix('keystore-mark');

/**
 * An append-only file of sealed segments: four bytes of length (big-endian), then the sealed bytes. Each seal is bound
 * to a hash of all segments before it, so that none can be left out, moved or replaced; the mark, a sealed file of its
 * own written after each append, says how far the file reached, so that none can be cut off its end.
 */
export class SegmentFile {
  readonly #key: Uint8Array;
  readonly #path: string;
  readonly #markPath: string;
  readonly #descriptor: number;
  #end = 0;
  #link: Uint8Array = firstLink;

  private constructor(directory: string, key: Uint8Array, flags: 'r' | 'r+' | 'wx+') {
    this.#key = key;
    this.#path = join(directory, 'openings');
    this.#markPath = join(directory, 'openings.mark');
    this.#descriptor = fileOperation(this.#path, () => openSync(this.#path, flags, FILE_MODE));
  }

  static create(directory: string, key: Uint8Array): SegmentFile {
    const file = new SegmentFile(directory, key, 'wx+');
    fileOperation(directory, () => syncDirectory(directory));
    file.#writeMark();
    return file;
  }

  /**
   * Opens the file and hands every segment, in order, to `visit`. What was appended last and did not become whole is
   * cut off, and said so. Throws AssentError 'keystore-damaged' when anything that was durable is missing or changed.
   */
  static open(
    directory: string,
    key: Uint8Array,
    options: { readonly readOnly: boolean; readonly logger: Logger },
    visit: (segment: Segment, plain: Uint8Array) => void,
  ): SegmentFile {
    const file = new SegmentFile(directory, key, options.readOnly ? 'r' : 'r+');
    try {
      file.#scan(options, visit);
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  /** Appends segments and makes them durable. After an error the file must not be written again before it is reopened. */
  append(plains: readonly Uint8Array[]): Segment[] {
    const segments: Segment[] = [];
    const pieces: Uint8Array[] = [];
    let offset = this.#end;
    let link = this.#link;
    for (const plain of plains) {
      const sealed = seal(this.#key, plain, link);
      segments.push({ offset, sealedBytes: sealed.length, previousLink: link });
      pieces.push(lengthPrefix(sealed.length), sealed);
      offset += LENGTH_BYTES + sealed.length;
      link = sha256(link, sealed);
    }
    fileOperation(this.#path, () => {
      writeFully(this.#descriptor, concatBytes(...pieces), this.#end);
      fsyncSync(this.#descriptor);
    });
    this.#end = offset;
    this.#link = link;
    this.#writeMark();
    return segments;
  }

  /** The plain bytes of a segment. Throws AssentError 'keystore-damaged' when they changed since the file was opened. */
  read(segment: Segment): Uint8Array {
    const plain = unseal(this.#key, this.#readSealed(segment), segment.previousLink);
    if (plain === undefined) throw this.#damaged(segment.offset);
    return plain;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #scan(
    { readOnly, logger }: { readonly readOnly: boolean; readonly logger: Logger },
    visit: (segment: Segment, plain: Uint8Array) => void,
  ): void {
    // The mark first: a writer at work makes the file grow before its mark, never after.
    const mark = this.#readMark();
    const size = fileOperation(this.#path, () => fstatSync(this.#descriptor).size);
    let markReached = mark.end === 0 && equalBytes(mark.link, firstLink);
    for (;;) {
      const segment = this.#segmentAt(this.#end, size);
      const sealed = segment === undefined ? undefined : this.#readSealed(segment);
      if (segment === undefined || sealed === undefined) break;
      const plain = unseal(this.#key, sealed, segment.previousLink);
      if (plain === undefined) break;
      visit(segment, plain);
      this.#end += LENGTH_BYTES + sealed.length;
      this.#link = sha256(this.#link, sealed);
      if (this.#end === mark.end && equalBytes(this.#link, mark.link)) markReached = true;
    }
    if (!markReached) throw this.#damaged(this.#end);
    if (readOnly) return;
    if (this.#end < size) this.#cutTail(size, logger);
    if (this.#end > mark.end) this.#writeMark();
  }

  /** Beyond the mark nothing was ever reported as kept: a half-written append ends here. */
  #cutTail(size: number, logger: Logger): void {
    fileOperation(this.#path, () => {
      ftruncateSync(this.#descriptor, this.#end);
      fsyncSync(this.#descriptor);
    });
    const fields = { path: this.#path, bytes: size - this.#end };
    logger.warn(fields, 'the last append to the keystore was cut short by a crash; its incomplete part was removed');
  }

  /** The segment whose length stands at the offset, or undefined when the file ends before it does. */
  #segmentAt(offset: number, size: number): Segment | undefined {
    if (offset + LENGTH_BYTES > size) return undefined;
    const length = this.#readAt(offset, LENGTH_BYTES);
    const sealedBytes = new DataView(length.buffer).getUint32(0);
    if (sealedBytes < SEALING_OVERHEAD_BYTES || sealedBytes > SEALED_BYTES_MAX) return undefined;
    if (offset + LENGTH_BYTES + sealedBytes > size) return undefined;
    return { offset, sealedBytes, previousLink: this.#link };
  }

  #readSealed(segment: Segment): Uint8Array {
    return this.#readAt(segment.offset + LENGTH_BYTES, segment.sealedBytes);
  }

  #readAt(offset: number, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    fileOperation(this.#path, () => {
      let done = 0;
      while (done < lengthBytes) {
        const count = readSync(this.#descriptor, bytes, done, lengthBytes - done, offset + done);
        if (count === 0) throw this.#damaged(offset);
        done += count;
      }
    });
    return bytes;
  }

  #writeMark(): void {
    replaceFile(this.#markPath, seal(this.#key, packRecord(this.#end, this.#link), markDomain));
  }

  #readMark(): { readonly end: number; readonly link: Uint8Array } {
    const sealed = readFileIfPresent(this.#markPath);
    const plain = sealed === undefined ? undefined : unseal(this.#key, sealed, markDomain);
    if (plain === undefined)
      throw new AssentError('keystore-damaged', `${this.#markPath} is missing or changed`, { path: this.#markPath });
    const [end, link] = unpackRecord<[number, Uint8Array]>(plain);
    return { end, link };
  }

  #damaged(offset: number): AssentError {
    const message = `${this.#path} was changed or cut at byte ${offset}`;
    return new AssentError('keystore-damaged', message, { path: this.#path, offset });
  }
}

function lengthPrefix(length: number): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}
