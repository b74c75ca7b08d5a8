import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AssentError, messageOf } from '../../base/index.ts';

/** A FHIR Bundle that can be read when its turn comes. */
export interface BundleSource {
  /** Name for people, and the last resort of the Bundle's identity. */
  readonly file: string;
  readonly byteLength: number;
  read(): Promise<Uint8Array>;
}

/** The `.json` files of a directory, by name. Throws `input-invalid` when it cannot be read or has none. */
export async function bundlesIn(directory: string): Promise<BundleSource[]> {
  const names = await reading(directory, () => readdir(directory));
  const sources = names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => bundleFile(join(directory, name)));
  if (sources.length === 0)
    throw new AssentError('input-invalid', `${directory} holds no .json file.`, { file: directory });
  return Promise.all(sources);
}

/** One file. Throws `input-invalid` when it cannot be read. */
export async function bundleFile(path: string): Promise<BundleSource> {
  const { size } = await reading(path, () => stat(path));
  return { file: basename(path), byteLength: size, read: () => reading(path, () => readFile(path)) };
}

/** A Bundle in memory. */
export function bundleOf(file: string, bytes: Uint8Array): BundleSource {
  return { file, byteLength: bytes.length, read: () => Promise.resolve(bytes) };
}

async function reading<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (thrown) {
    throw new AssentError(
      'input-invalid',
      `${path} cannot be read: ${messageOf(thrown)}.`,
      { file: path },
      { cause: thrown },
    );
  }
}
