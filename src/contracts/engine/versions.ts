import { AssentError, present } from '../../base/index.ts';
import type { StateView } from '../ledger-types.ts';
import type { TracingRuleExecutor } from './executor.ts';

/** Which version of the rules a block at this height runs under, as the state of the block before it has it. */
export type VersionAt = (state: StateView, height: number) => string | undefined;

/**
 * Several versions of the rules as one executor: that of the first, which genesis names, with the others behind it. Each
 * keeps what the state of the one before it means. What is executed is executed under the version of its block, which
 * the state says. Its methods throw `rule-set-missing` for one that is not among these.
 */
export function versionedExecutor(
  executors: readonly [TracingRuleExecutor, ...TracingRuleExecutor[]],
  versionAt: VersionAt,
): TracingRuleExecutor {
  const [first] = executors;
  const byName = new Map(executors.map((executor) => [executor.ruleSet, executor]));
  const nameAt = (state: StateView, height: number): string =>
    present(versionAt(state, height), 'genesis names the first version');
  const at = (state: StateView, height: number): TracingRuleExecutor => {
    const name = nameAt(state, height);
    const executor = byName.get(name);
    if (executor === undefined)
      throw new AssentError('rule-set-missing', `Block ${height} ran under the rules ${name}, which are not here.`);
    return executor;
  };
  return {
    ...first,
    versions: { nameAt, get: (ruleSet) => byName.get(ruleSet) },
    execute: (transaction, state, block) => at(state, block.height).execute(transaction, state, block),
    executeTraced: (transaction, state, block, trace) =>
      at(state, block.height).executeTraced(transaction, state, block, trace),
    enact: (state, block) => at(state, block.height).enact(state, block),
    refound: (state, recovery, block) => at(state, block.height).refound(state, recovery, block),
  };
}
