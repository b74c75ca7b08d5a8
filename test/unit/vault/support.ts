import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssentError, utf8 } from '../../../src/base/index.ts';
import { commit, sha256 } from '../../../src/crypto/index.ts';
import { Keystore, type Opening } from '../../../src/vault/index.ts';

export const passphrase = 'correct horse battery staple';

/** Argon2id as cheap as it gets: these tests are not about guessing. */
const cost = { operations: 1, memoryBytes: 8 * 1024 };

const made: string[] = [];

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'assent-keystore-'));
  made.push(directory);
  return directory;
}

export function removeTemporaryDirectories(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

export function createKeystore(directory: string): Promise<Keystore> {
  return Keystore.create(directory, passphrase, { cost });
}

/** A copy of the directory as it is now: what a crash at this moment would leave. */
export function copyOf(directory: string): string {
  const copy = temporaryDirectory();
  cpSync(directory, copy, { recursive: true });
  return copy;
}

export function opening(number: number, bodyBytes = 100): Opening {
  const salt = sha256(utf8(`salt ${number}`));
  const body = new Uint8Array(bodyBytes).fill(number);
  return { commitment: commit(salt, body), salt, body, labels: { file: `${number % 3}.json`, entry: `${number}` } };
}

export function openings(from: number, to: number): Opening[] {
  return Array.from({ length: to - from }, (_, index) => opening(from + index));
}

export async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof AssentError) return error.code;
    throw error;
  }
  return 'no error';
}
