import type {
  ContractObject,
  DecisionDifference,
  OutcomeOfDecision,
  ReplayMismatch,
  WhatIfPage,
  WhatIfRequest,
} from '../../api/index.ts';
import { present } from '../../base/index.ts';
import type { AccessEvaluation, RecordedQuestion } from '../../contracts/index.ts';
import type { ExecutedTransaction, OpenedBlock, UnverifiedTransaction } from '../../ledger/index.ts';
import { resultView } from '../ingress/outcome.ts';
import { BlockReplay } from './block-replay.ts';
import { type DecidingRules, ledgerRules } from './deciding-rules.ts';
import { firstBlockOf } from './period.ts';
import { entryName, isSameResult, type ReplayRules, type RuleVersions, rulesAt } from './replay-rules.ts';
import type { ReplaySource } from './source.ts';

/** A slice ends with the block after which it has looked at so many decisions, or blocks. */
export interface SliceLimits {
  readonly decisionsMax: number;
  readonly blocksMax: number;
}

const sliceLimits: SliceLimits = { decisionsMax: 256, blocksMax: 256 };

/** Kinds that ask for a decision, or open what others are decided by. */
const accessKind = /^access\./;
/** Entries that a policy has its part in: a decision, and a glass that was broken. */
const entryTypes = new Set(['access-recorded', 'glass-broken']);

export interface WhatIfQuestion extends Pick<WhatIfRequest, 'from' | 'until' | 'next'> {
  readonly domain: string;
  /** The rules that might have held instead of those that did. */
  readonly candidate: (recorded: DecidingRules) => DecidingRules;
}

/**
 * A slice of the recorded period: every decision of the domain, first under the rules of the ledger, which must come to
 * what was recorded, then under the candidate, in the same state. Throws `history-not-kept`, `rule-set-unknown`.
 */
export async function whatIf(
  source: ReplaySource,
  versions: RuleVersions,
  question: WhatIfQuestion,
  { decisionsMax, blocksMax }: SliceLimits = sliceLimits,
): Promise<WhatIfPage> {
  const { domain, from, until = Number.POSITIVE_INFINITY, next } = question;
  const { pastFrom, height: head } = await source.bounds();
  const first = next ?? (await firstBlockOf(source, { pastFrom, head }, from));
  const slice = new Slice(source, versions, question);
  let height = first;
  let isOver = false;
  for (; height <= head && !isOver && height - first < blocksMax && slice.decisions < decisionsMax; height++) {
    const block = await source.block(height);
    isOver = block.header.timestamp >= until;
    if (!isOver) await slice.look(block);
  }
  const last = isOver ? height - 2 : height - 1;
  return {
    domain,
    ...(last >= first && { blocks: { from: first, to: last } }),
    head,
    decisions: slice.decisions,
    differences: slice.differences,
    mismatches: slice.mismatches,
    ...(!isOver && height <= head && { next: height }),
  };
}

/** A block that is executed again, and the rules it ran under and might have run under. */
interface Run {
  readonly rules: ReplayRules;
  readonly recorded: DecidingRules;
  readonly candidate: DecidingRules;
  readonly replay: BlockReplay;
}

class Slice {
  readonly differences: DecisionDifference[] = [];
  readonly mismatches: ReplayMismatch[] = [];
  decisions = 0;
  readonly #source: ReplaySource;
  readonly #versions: RuleVersions;
  readonly #question: WhatIfQuestion;

  constructor(source: ReplaySource, versions: RuleVersions, question: WhatIfQuestion) {
    this.#source = source;
    this.#versions = versions;
    this.#question = question;
  }

  async look(block: OpenedBlock): Promise<void> {
    const { height } = block.header;
    const rules = await rulesAt(this.#source, this.#versions, { height, known: height - 1 });
    const recorded = ledgerRules(rules);
    const candidate = this.#question.candidate(recorded);
    const replay = new BlockReplay(this.#source, recorded, block);
    const last = replay.transactions.findLastIndex(({ kind }) => accessKind.test(kind));
    for (let index = 0; index <= last; index++) {
      const { executed, keep } = await replay.execute();
      const transaction = present(replay.next, 'it is the next until it is kept');
      if (accessKind.test(transaction.kind)) {
        await this.#checkRecorded(rules, transaction, executed, { height, index });
        await this.#compare({ rules, recorded, candidate, replay }, transaction, executed, index);
      }
      await keep();
    }
  }

  /** What was recorded must come out again, or the comparison says nothing. */
  async #checkRecorded(
    { outputToJson }: ReplayRules,
    { idHex: id, kind }: UnverifiedTransaction,
    { result }: ExecutedTransaction,
    place: { readonly height: number; readonly index: number },
  ): Promise<void> {
    const { result: recorded } = await this.#source.place(id);
    if (isSameResult(result, recorded)) return;
    const [before, again] = [resultView(kind, recorded, outputToJson), resultView(kind, result, outputToJson)];
    this.mismatches.push({ id, ...place, recorded: before, recomputed: again });
  }

  async #compare(
    { rules, recorded, candidate, replay }: Run,
    transaction: UnverifiedTransaction,
    executed: ExecutedTransaction,
    index: number,
  ): Promise<void> {
    const entries = this.#entriesOf(rules, executed);
    if (entries.length === 0) return;
    this.decisions += entries.length;
    const { context } = replay;
    const supposed = await replay.evaluate((state) => candidate.execute(transaction, state, context));
    const others = new Map(this.#entriesOf(rules, supposed).map((entry) => [entryName(entry), entry]));
    const asked = new Map(recorded.questions(transaction).map((one) => [entryName(one), one]));
    for (const entry of entries) {
      const name = entryName(entry);
      const other = others.get(name);
      if (other !== undefined && other['decision'] === entry['decision']) continue;
      const gateUnder = async (deciding: DecidingRules): Promise<AccessEvaluation['gate']> => {
        const question = asked.get(name)?.question;
        if (question === undefined) return undefined;
        return (await replay.evaluate((state) => deciding.evaluate(state, question, context.timestamp))).gate;
      };
      this.differences.push({
        id: transaction.idHex,
        height: context.height,
        index,
        entry,
        recorded: outcomeOf(entry, await gateUnder(recorded)),
        candidate:
          other === undefined
            ? refusalOf(rules, transaction.kind, supposed, asked.get(name))
            : outcomeOf(other, await gateUnder(candidate)),
      });
    }
  }

  /** Entries of the domain: decisions, and glasses that were broken. */
  #entriesOf({ describeEntry }: ReplayRules, { result, index }: ExecutedTransaction): ContractObject[] {
    if (!result.ok) return [];
    return index
      .map(({ entry }) => describeEntry(entry) as ContractObject)
      .filter(({ type, domain }) => entryTypes.has(String(type)) && domain === this.#question.domain);
  }
}

/** Of a glass that was broken there is no decision: it is open. */
function outcomeOf(entry: ContractObject, gate: AccessEvaluation['gate']): OutcomeOfDecision {
  const { decision, reason, consents = [] } = entry;
  const determining = (consents as readonly { consent: string; determining: boolean }[])
    .filter((one) => one.determining)
    .map(({ consent }) => consent);
  return {
    ...(typeof decision === 'string' && { decision }),
    ...(typeof reason === 'string' && { reason }),
    determining,
    ...(gate !== undefined && { gate: { ...gate } }),
  };
}

/** Why there would be no entry: the transaction would be refused, or this entry of a batch alone. */
function refusalOf(
  { catalogue }: ReplayRules,
  kind: string,
  { result }: ExecutedTransaction,
  asked: RecordedQuestion | undefined,
): OutcomeOfDecision {
  if (!result.ok) return { refused: { code: result.code, sentence: result.sentence } };
  const { outcomes } = catalogue.outputToJson(kind, result.output) as { outcomes: readonly string[] };
  const place = present(asked?.batchPlace, 'what is not refused whole makes the same entries, but for a batch');
  const code = present(outcomes[place], 'a batch has an outcome for each entry');
  const known = catalogue.ruleCodes.find((rule) => rule.code === code);
  return { refused: { code, sentence: present(known, 'entries are refused with codes of rules').sentence } };
}
