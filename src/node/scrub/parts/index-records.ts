import { AssentError } from '../../../base/index.ts';
import { readForArchive } from '../../../ledger/index.ts';
import type { Operation } from '../../../storage/index.ts';
import { blockRecords } from '../../query-index/index.ts';
import { isDamage, isStored } from '../damage.ts';
import type { Scrubbing } from '../scrubbing.ts';

/** Records that are looked at at a stretch. */
const sliceRecords = 64;

/** What a block adds to the index of transactions, where that has come so far. */
export async function* scrubIndexRecords(scrubbing: Scrubbing, height: number): AsyncGenerator<number> {
  const { findings } = scrubbing;
  const { ledger, store, index } = scrubbing.options;
  const { indexed, epoch } = index();
  if (indexed === undefined || height < indexed.from || height > indexed.through) return;
  const name = `index of block ${height}`;
  let records: readonly Operation[];
  try {
    const read = await readForArchive(store, height, () => scrubbing.sleep(0));
    // Given up meanwhile.
    if (read === undefined) return;
    records = blockRecords(read.block, ledger.state);
  } catch (error) {
    // It is told of, and repaired, where it is.
    if (isDamage(error)) return;
    throw error;
  }
  yield 0;
  const wrong: Operation[] = [];
  for (const [place, record] of records.entries()) {
    if (!isStored(store, record)) wrong.push(record);
    if (place % sliceRecords === sliceRecords - 1) yield 0;
  }
  // Where it is being made anew nothing of it is read.
  if (wrong.length === 0 || index().epoch !== epoch || index().indexed === undefined) {
    findings.fine(name);
    return;
  }
  findings.damaged('index', name, new AssentError('storage-damaged', `${wrong.length} records are missing or others`));
  await scrubbing.write(wrong);
  findings.mended('index', name);
}
