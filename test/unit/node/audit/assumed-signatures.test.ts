import { describe, expect, it } from 'vitest';
import { auditLedger } from '../../../../src/node/audit/index.ts';
import { ReceiptLedger } from '../../../support/receipt-ledger.ts';

/** Blocks of accesses, the forged one in the third from here. */
async function withForged(ledger: ReceiptLedger, perBlock: number): Promise<number> {
  const honest = () => Array.from({ length: perBlock }, () => ledger.access());
  await ledger.block(honest());
  await ledger.block(honest());
  await ledger.block([...honest(), ledger.access({ isForged: true }), ...honest()]);
  const { height } = ledger;
  await ledger.block(honest());
  await ledger.block(honest());
  return height;
}

describe.each([
  ['checked where there are few', 3],
  ['checked by other threads', 120],
])('signatures of agents, %s', (_, perBlock) => {
  it('are verified: one that the chain refused is refused again', async () => {
    const ledger = await ReceiptLedger.begin('honest', { isWhole: true });
    await withForged(ledger, perBlock);
    const { genesis, source } = ledger;
    expect(await auditLedger({ genesis, source, threads: 2 })).toMatchObject({
      height: ledger.height,
      transactions: 3 + 6 * perBlock + 1,
    });
  });

  it('are missed where a majority took one for valid that is none, at its block', async () => {
    const ledger = await ReceiptLedger.begin('lying', { isWhole: true, verify: () => true });
    const height = await withForged(ledger, perBlock);
    const { genesis, source } = ledger;
    await expect(auditLedger({ genesis, source, threads: 2 })).rejects.toMatchObject({
      code: 'verification-failed',
      data: { height, check: 'results-root' },
    });
    // What is wrong in a later block, too, is not told first.
    const cut: typeof source = {
      ...source,
      async *blocks(from, to) {
        let at = from;
        for await (const { bytes, isSigned } of source.blocks(from, to))
          yield { bytes: at++ === ledger.height ? bytes.slice(1) : bytes, isSigned };
      },
    };
    await expect(auditLedger({ genesis, source: cut, threads: 2 })).rejects.toMatchObject({ data: { height } });
  });
});
