import type {
  DecisionRequest,
  DecisionView,
  ExplainQuery,
  TransactionExplanation,
  WhatIfPage,
  WhatIfRequest,
} from '../../api/index.ts';
import { readDomainPolicy } from '../../contracts/index.ts';
import { PastState } from '../../ledger/index.ts';
import { type DecidingRules, ledgerRules, underPolicy } from './deciding-rules.ts';
import { decisionView, splitDecisionRequest } from './decision-view.ts';
import { explainCommitted } from './explain.ts';
import { type RuleVersions, rulesAt } from './replay-rules.ts';
import type { ReplaySource } from './source.ts';
import { Turns } from './turns.ts';
import { whatIf } from './what-if.ts';

/** Answers about the past. Runs beside the HTTP server; of the main thread it asks for blocks and single values. */
export class Replays {
  readonly #source: ReplaySource;
  readonly #versions: RuleVersions;
  readonly #turns: Turns;

  /** `turns`: of all who replay beside one another. */
  constructor(source: ReplaySource, versions: RuleVersions, turns: Turns = new Turns()) {
    this.#turns = turns;
    this.#source = source;
    this.#versions = versions;
  }

  explain(id: string, query: ExplainQuery): Promise<TransactionExplanation> {
    return this.#turns.run(() => explainCommitted(this.#source, this.#versions, id, query));
  }

  /** A slice of the period. Throws `request-invalid` for what is no policy. */
  whatIf(domain: string, { policy, ...period }: WhatIfRequest): Promise<WhatIfPage> {
    const read = readDomainPolicy(policy);
    const candidate = (recorded: DecidingRules): DecidingRules => underPolicy(recorded, domain, read);
    return this.#turns.run(() => whatIf(this.#source, this.#versions, { domain, candidate, ...period }));
  }

  /** What the rules would have decided after the block at this height, at its time. */
  async decideAt(height: number, request: DecisionRequest): Promise<DecisionView> {
    const { view = 'full', question } = splitDecisionRequest(request);
    const { header } = await this.#source.block(height);
    const version = await rulesAt(this.#source, this.#versions, { height, known: height });
    const rules = ledgerRules(version);
    const state = new PastState(height, this.#source.valueAt, this.#source.values);
    const evaluation = await state.run((past) => rules.evaluate(past, question, header.timestamp));
    const { ruleSet: ruleset } = version.executor;
    return decisionView(evaluation, { height, at: header.timestamp, ruleset }, view);
  }
}
