import { AssentError } from '../../../base/index.ts';
import { CommittedBlocks, type ReadBlock } from '../../../ledger/index.ts';
import type { Operation } from '../../../storage/index.ts';
import { BlockGroup, firstOfGroup, lastOfGroup } from '../../query-index/index.ts';
import { isDamage, isStored } from '../damage.ts';
import type { Scrubbing } from '../scrubbing.ts';

/** Records that are looked at at a stretch. */
const sliceRecords = 64;

/**
 * What the blocks of a group add to the index of transactions, where that has come so far. Blocks are looked at from the
 * newest down: with the first of a group all of them were.
 */
export async function* scrubIndexRecords(scrubbing: Scrubbing, height: number): AsyncGenerator<number> {
  const { ledger, index } = scrubbing.options;
  const { stored, epoch } = index();
  if (stored === undefined || height > stored.through || height !== Math.max(firstOfGroup(height), stored.from)) return;
  const group = new BlockGroup();
  const blocks = new CommittedBlocks(scrubbing.options.store);
  const last = Math.min(lastOfGroup(height), stored.through);
  for (let next = height; next <= last; next++) {
    const read = await readBlock(blocks, next, last);
    if (read === undefined) return;
    group.add(read.block, ledger.state);
    yield 0;
    if (!group.isFull) continue;
    yield* scrubGroup(scrubbing, group, epoch);
    group.clear();
  }
}

/** Between two blocks there is time for others. */
const nothing = async (): Promise<void> => undefined;

/** Undefined where it was given up meanwhile, or is damaged: that is told of, and repaired, where it is. */
async function readBlock(blocks: CommittedBlocks, height: number, through: number): Promise<ReadBlock | undefined> {
  try {
    return await blocks.read(height, through, nothing);
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

async function* scrubGroup(scrubbing: Scrubbing, group: BlockGroup, epoch: number): AsyncGenerator<number> {
  const { findings } = scrubbing;
  const { store, index } = scrubbing.options;
  const name = `index of blocks ${group.first} to ${group.through}`;
  const wrong: Operation[] = [];
  let looked = 0;
  for (const record of group.records()) {
    if (!isStored(store, record)) wrong.push(record);
    looked += 1;
    if (looked % sliceRecords === 0) yield 0;
  }
  // Where it is being made anew nothing of it is read.
  if (wrong.length === 0 || index().epoch !== epoch) {
    findings.fine(name);
    return;
  }
  findings.damaged('index', name, new AssentError('storage-damaged', `${wrong.length} records are missing or others`));
  await scrubbing.write(wrong);
  findings.mended('index', name);
}
