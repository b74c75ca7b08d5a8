import type { Store } from '../../storage/index.ts';
import { BlockBuilder } from '../block-builder.ts';
import type { ChainPoint } from '../state/chain-point.ts';
import type { Chain } from './chain.ts';
import type { RulesInForce } from './rules-in-force.ts';

/** What the blocks of a ledger are sealed and executed with. */
export interface ChainContext {
  readonly ledgerId: Uint8Array;
  readonly store: Store;
  readonly chain: Chain;
  readonly rules: RulesInForce;
}

/** For the block that follows, at this time; undefined where this program lacks its rules. */
export function builderAfter(
  parent: ChainPoint,
  timestamp: number,
  { ledgerId, store, rules }: ChainContext,
): BlockBuilder | undefined {
  const executor = rules.after(parent);
  return (
    executor && new BlockBuilder(store, executor, parent, { ledgerId, height: parent.facts.height + 1, timestamp })
  );
}
