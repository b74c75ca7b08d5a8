import { checkedBlock, checkHeaderSignature, type OpenedBlock, putBlock } from '../../../ledger/index.ts';
import { asDamage, damageOf } from '../damage.ts';
import type { Scrubbing } from '../scrubbing.ts';
import { scrubIndexRecords } from './index-records.ts';
import { scrubReceipts } from './receipts.ts';

/** The blocks, from the newest down, and what was made of each. */
export async function* scrubBlocks(scrubbing: Scrubbing): AsyncGenerator<number> {
  const { ledger } = scrubbing.options;
  let { height, hash } = ledger.applied;
  for (; height >= ledger.firstBlockHeight && height >= 1; height--) {
    const block = await wholeBlock(scrubbing, height, hash);
    // What is below is known by the parent's hash that it names.
    if (block === undefined) return;
    yield block.bytes.length;
    if (height > ledger.originHeight) {
      yield* scrubReceipts(scrubbing, block);
      yield* scrubIndexRecords(scrubbing, height);
    }
    hash = block.header.parentHash;
  }
}

/** Repaired where it was damaged; undefined where that could not be, or where it was dropped. */
async function wholeBlock(scrubbing: Scrubbing, height: number, hash: Uint8Array): Promise<OpenedBlock | undefined> {
  const { findings } = scrubbing;
  const { ledger, store, verify } = scrubbing.options;
  const look = (): OpenedBlock => {
    const block = checkedBlock(store, height, hash);
    asDamage(() => checkHeaderSignature(block, ledger.ledgerId, verify));
    return block;
  };
  const name = `block ${height}`;
  const damage = damageOf(look);
  if (damage === undefined) {
    const block = look();
    findings.fine(name);
    return block;
  }
  // Dropped meanwhile, not damaged.
  if (height < ledger.firstBlockHeight) return undefined;
  findings.damaged('blocks', name, damage);
  const bytes = await scrubbing.fetch({ type: 'block', height, hash });
  if (bytes === undefined || height < ledger.firstBlockHeight) return undefined;
  await scrubbing.write([putBlock(height, bytes)]);
  findings.mended('blocks', name);
  return look();
}
