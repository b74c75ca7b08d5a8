import { AssentError, equalBytes } from '../../base/index.ts';
import { leafHash, merkleRoot } from '../../crypto/index.ts';
import {
  encodeResult,
  type Ledger,
  type OpenedBlock,
  PastValues,
  receiptOperations,
  resultsOperations,
  streamRecords,
} from '../../ledger/index.ts';
import type { Operation } from '../../storage/index.ts';
import { BlockReplay } from '../replay/block-replay.ts';
import { ledgerRules } from '../replay/deciding-rules.ts';
import { rulesAt } from '../replay/replay-rules.ts';
import type { ReplaySource } from '../replay/source.ts';
import { ruleVersions } from '../rules.ts';

/**
 * Receipts, results and index entries of a committed block, by executing it once more on the state that was before it. Throws
 * `storage-damaged` where they do not come to the root in the block's header: then what was before it is damaged, too.
 */
export async function rederived(ledger: Ledger, block: OpenedBlock): Promise<Operation[]> {
  const { height, timestamp, resultsRoot } = block.header;
  const unused = (): Promise<never> =>
    Promise.reject(new AssentError('internal', 'a replay of one block asks for values'));
  const source: ReplaySource = {
    ledgerId: ledger.ledgerId,
    block: unused,
    place: unused,
    valueAt: (at, key) => ledger.valueAt(at, key),
    values: new PastValues(),
    bounds: unused,
  };
  const rules = await rulesAt(source, ruleVersions(), { height, known: height - 1 });
  const replay = new BlockReplay(source, ledgerRules(rules), block);
  const operations: Operation[] = [];
  const resultBytes: Uint8Array[] = [];
  for (const [index, { id }] of replay.transactions.entries()) {
    const { executed, keep } = await replay.execute();
    const { result } = executed;
    const receipt = { id, height, index, timestamp, blockHash: block.hash, result };
    operations.push(...receiptOperations(receipt, result.ok ? streamRecords(executed.index) : []));
    resultBytes.push(encodeResult(result));
    await keep();
  }
  if (!equalBytes(merkleRoot(resultBytes.map((bytes) => leafHash(bytes))), resultsRoot))
    throw new AssentError('storage-damaged', `the values before block ${height} are damaged, too`, { height });
  return [...operations, ...resultsOperations(height, resultBytes)];
}
