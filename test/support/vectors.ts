import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where published test vectors are read from; they are no part of this repository. */
export const vectorsDirectory: string = resolve(process.env['ASSENT_VECTORS'] ?? '../shared/vectors');

/** Whether a folder of vectors is there: `describe.skipIf(!hasVectors('wycheproof'))`. */
export function hasVectors(folder: string): boolean {
  return existsSync(join(vectorsDirectory, folder));
}

/** The parsed JSON of a file below the vectors' directory. The caller names the shape. */
export function readJson<T>(...path: readonly string[]): T {
  return JSON.parse(readFileSync(join(vectorsDirectory, ...path), 'utf8')) as T;
}

/** Paths, relative to the vectors' directory, of all JSON files below a folder, sorted; none when it is absent. */
export function listJson(folder: string): string[] {
  if (!hasVectors(folder)) return [];
  return readdirSync(join(vectorsDirectory, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
    .sort();
}
