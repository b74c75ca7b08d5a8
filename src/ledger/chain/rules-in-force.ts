import { AssentError } from '../../base/index.ts';
import { type NodeConfiguration, nodeConfiguration } from '../configuration.ts';
import type { ChainPoint } from '../state/chain-point.ts';
import type { ConfigurationStep, RuleExecutor } from '../types/execution.ts';

/** The versions of a ledger's rules, each for the blocks that run under it, and what they say of a block's state. */
export class RulesInForce {
  /** Of genesis. */
  readonly #rules: RuleExecutor;
  /** Asked for with every transaction that comes in, and with every decision. */
  readonly #executors = new WeakMap<ChainPoint, RuleExecutor>();
  /** A leader asks at every turn what may wait for its next block. */
  #pending: { readonly point: ChainPoint; readonly change: ConfigurationStep | undefined } | undefined;

  constructor(rules: RuleExecutor) {
    this.#rules = rules;
  }

  /** The rules under which the block ran. */
  of(point: ChainPoint): RuleExecutor {
    const { versions } = this.#rules;
    return versions?.get(versions.nameAt(point, point.facts.height)) ?? this.#rules;
  }

  /** The rules of the block that follows; undefined where this program lacks them. */
  after(point: ChainPoint): RuleExecutor | undefined {
    const { versions } = this.#rules;
    return versions === undefined ? this.#rules : versions.get(versions.nameAt(point, point.facts.height + 1));
  }

  /** The rules of the block that follows; those of that block itself where this program lacks them. */
  afterOrOf(point: ChainPoint): RuleExecutor {
    let executor = this.#executors.get(point);
    if (executor === undefined) {
      executor = this.after(point) ?? this.of(point);
      this.#executors.set(point, executor);
    }
    return executor;
  }

  /** That this program has the rules of the block which follows. Throws `rule-set-missing`. */
  demandAfter(point: ChainPoint): void {
    if (this.after(point) !== undefined) return;
    const height = point.facts.height + 1;
    const name = this.#rules.versions?.nameAt(point, height) ?? '';
    throw new AssentError(
      'rule-set-missing',
      `Block ${height} runs under the rules ${name}, which this program does not have: the node stops before that block.`,
      { height, ruleSet: name },
    );
  }

  /** Whether an open deadline lies after the block's time. */
  awaitsDeadline(point: ChainPoint): boolean {
    const deadline = this.of(point).latestDeadline(point);
    return deadline !== undefined && deadline >= point.facts.timestamp;
  }

  /** The change of the configuration that a child of this block can enact. Reads the state once a block. */
  pendingChange(point: ChainPoint): ConfigurationStep | undefined {
    if (this.#pending?.point !== point) this.#pending = { point, change: this.of(point).nextChange(point) };
    return this.#pending.change;
  }

  /** The configuration in force after the block. */
  configurationOf(point: ChainPoint): NodeConfiguration {
    const { generation, nodes } = this.of(point).configuration(point);
    return nodeConfiguration(generation, nodes);
  }
}
