import { present } from '../../base/index.ts';
import type { RuleVersions, StateView } from '../ledger-types.ts';
import type { TracingRuleExecutor } from './executor.ts';

/** Which version of the rules a block at this height runs under, as the state of the block before it has it. */
export type VersionAt = (state: StateView, height: number) => string | undefined;

/**
 * Several versions of the rules as one executor: that of the first, which genesis names, with the others behind it. Each
 * keeps what the state of the one before it means; which of them holds, the state says.
 */
export function versionedExecutor(
  executors: readonly [TracingRuleExecutor, ...TracingRuleExecutor[]],
  versionAt: VersionAt,
): TracingRuleExecutor {
  const [first] = executors;
  const byName = new Map(executors.map((executor) => [executor.ruleSet, executor]));
  const versions: RuleVersions = {
    nameAt: (state, height) => present(versionAt(state, height), 'genesis names the first version'),
    get: (ruleSet) => byName.get(ruleSet),
  };
  return { ...first, versions };
}

/** The rules under which a transaction of a block at this height runs, on the state of the block before it. */
export function executorAt(
  executor: TracingRuleExecutor,
  state: StateView,
  height: number,
): TracingRuleExecutor | undefined {
  const { versions } = executor;
  if (versions === undefined) return executor;
  // The same ones that were put in.
  return versions.get(versions.nameAt(state, height)) as TracingRuleExecutor | undefined;
}
