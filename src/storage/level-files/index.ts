import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AssentError, messageOf } from '../../base/index.ts';
import { type LiveTable, liveTables } from './manifest.ts';
import { checkTable } from './table.ts';

/**
 * LevelDB's files, as far as it takes to check them: LevelDB stores a checksum with every block of a table and does not
 * look at it.
 */

/**
 * Checks the tables of a database, one after the other; gives the bytes checked, in slices. A table that goes meanwhile
 * was merged into others: it is of no interest any more. Throws `storage-damaged` naming the file.
 */
export async function* checkTables(database: string): AsyncGenerator<number> {
  for (const table of tablesOf(database)) {
    const file = fileOf(database, table);
    if (file === undefined) {
      if (tablesOf(database).some(({ number }) => number === table.number))
        throw damaged(name(table.number, 'ldb'), 'it is missing');
      continue;
    }
    const bytes = await readFile(file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    if (bytes === undefined) continue;
    try {
      if (bytes.length !== table.size) throw new RangeError(`it has ${bytes.length} bytes instead of ${table.size}`);
      yield* checkTable(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw damaged(file, messageOf(error));
    }
  }
}

function tablesOf(database: string): readonly LiveTable[] {
  try {
    return liveTables(database);
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isGone && !(error instanceof RangeError)) throw error;
    throw damaged(join(database, 'CURRENT'), `the manifest cannot be read: ${messageOf(error)}`);
  }
}

function fileOf(database: string, { number }: LiveTable): string | undefined {
  return ['ldb', 'sst'].map((ending) => join(database, name(number, ending))).find((file) => existsSync(file));
}

function name(number: number, ending: string): string {
  return `${String(number).padStart(6, '0')}.${ending}`;
}

function damaged(file: string, what: string): AssentError {
  return new AssentError('storage-damaged', `The file ${file} is damaged: ${what}.`, { path: file });
}
