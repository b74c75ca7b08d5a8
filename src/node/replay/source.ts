import type { LoadPast, OpenedBlock, TransactionResult } from '../../ledger/index.ts';
import { openBlock, PastValues } from '../../ledger/index.ts';
import { unpackResult } from '../ingress/packed-result.ts';
import type { AnswerOf, Ask } from '../queries/query.ts';

/** A transaction's place in the chain, and what the ledger says became of it. */
export interface RecordedPlace {
  readonly height: number;
  readonly index: number;
  readonly result: TransactionResult;
}

/** What a replay reads of the ledger, in small pieces: who answers has more to do than that. */
export interface ReplaySource {
  readonly ledgerId: Uint8Array;
  /** Throws `block-unknown`, `history-not-kept`. */
  block(height: number): Promise<OpenedBlock>;
  /** Throws `transaction-unknown`, `history-not-kept`. */
  place(id: string): Promise<RecordedPlace>;
  /** Throws `block-unknown`, `history-not-kept`. */
  readonly valueAt: LoadPast;
  /** What was loaded lately. */
  readonly values: PastValues;
  bounds(): Promise<AnswerOf<'bounds'>>;
}

/** Reads through the main thread. */
export function replaySource(ledgerId: Uint8Array, ask: Ask, values: PastValues = new PastValues()): ReplaySource {
  return {
    ledgerId,
    block: async (height) => openBlock(await ask('block', { reference: String(height) })),
    async place(id) {
      const { height, index, result } = await ask('place', { id, timeoutMs: 0 });
      return { height, index, result: unpackResult(result) };
    },
    valueAt: (height, key) => ask('valueAt', { height, key }),
    values,
    bounds: () => ask('bounds', {}),
  };
}
