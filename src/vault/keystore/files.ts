import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { AssentError, type ErrorCode, messageOf } from '../../base/index.ts';

export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

const errorCodes: ReadonlyMap<string, ErrorCode> = new Map([
  ['EACCES', 'storage-permission'],
  ['EPERM', 'storage-permission'],
  ['EROFS', 'storage-permission'],
  ['ENOSPC', 'storage-full'],
  ['EDQUOT', 'storage-full'],
]);

/** Runs file operations; what the operating system refuses becomes an AssentError that names the path. */
export function fileOperation<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const systemCode = systemCodeOf(cause);
    if (systemCode === undefined) throw cause;
    const code = errorCodes.get(systemCode) ?? 'storage-failed';
    throw new AssentError(code, `${path}: ${messageOf(cause)}`, { path }, { cause });
  }
}

/** `ENOENT` and the like, or undefined when the operating system did not throw this. */
export function systemCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && 'syscall' in thrown ? String(thrown.code) : undefined;
}

/** The bytes of a file, or undefined when there is none. */
export function readFileIfPresent(path: string): Uint8Array | undefined {
  return fileOperation(path, () => {
    try {
      return readFileSync(path);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** Replaces a file in one step that is durable when this returns: after a crash it is the old one or the new one. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  fileOperation(path, () => {
    const temporary = `${path}.new`;
    const descriptor = openSync(temporary, 'w', FILE_MODE);
    try {
      writeFully(descriptor, bytes, 0);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  });
}

/** Makes created, renamed and removed names in the directory durable. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes all bytes at the position; the operating system may take them in parts. */
export function writeFully(descriptor: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length)
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
}
