import { checkTables } from '../../../storage/index.ts';
import { isDamage } from '../damage.ts';
import type { Scrubbing } from '../scrubbing.ts';

const name = 'a table';

/** The tables of the database, by their checksums. */
export async function* scrubTables({ options, findings }: Scrubbing): AsyncGenerator<number> {
  try {
    yield* checkTables(options.database);
    findings.fine(name);
  } catch (error) {
    if (!isDamage(error)) throw error;
    findings.damaged('tables', name, error);
  }
}
