import { AssentError } from '../../../base/index.ts';
import { checkReceipts, type OpenedBlock, UnverifiedTransaction } from '../../../ledger/index.ts';
import { damageOf } from '../damage.ts';
import { rederived } from '../rederive.ts';
import type { Scrubbing } from '../scrubbing.ts';

/** Receipts that are withheld while they are damaged, in blocks. */
const withheldBlocksMax = 1000;

/** The receipts of a block, by the roots in its header. */
export async function* scrubReceipts(scrubbing: Scrubbing, block: OpenedBlock): AsyncGenerator<number> {
  const { findings } = scrubbing;
  const { ledger, store, logger } = scrubbing.options;
  const name = `receipts of block ${block.header.height}`;
  let damage: AssentError | undefined;
  const check = checkReceipts(store, block);
  for (let isDone = false; !isDone; ) {
    damage = damageOf(() => {
      isDone = check.next().done === true;
    });
    if (damage !== undefined) break;
    yield 0;
  }
  if (damage === undefined) {
    findings.fine(name);
    return;
  }
  findings.damaged('receipts', name, damage);
  const ids = block.transactionBytes.map((bytes) => new UnverifiedTransaction(bytes).id);
  if (findings.open < withheldBlocksMax) ledger.withhold(ids);
  try {
    await scrubbing.write(await rederived(ledger, block));
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    logger.error({ code: error.code, reason: error.message }, `${name} cannot be derived anew`);
    return;
  }
  ledger.release(ids);
  findings.mended('receipts', name);
}
