import { type Command, Option } from 'commander';
import type { RuleView, TransactionExplanation } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import { type ClaimedDecision, type ClaimsCheck, checkClaims } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { findTransaction } from '../ledger/find.ts';
import { recordFacts } from '../ledger/gateway-claims.ts';
import { claimsCheckLines } from '../output/claims-check-text.ts';
import { consentLines, decisionLine, type ExplainedDecision } from '../output/decision-text.ts';
import type { Style } from '../output/style.ts';
import { facts, table } from '../output/table.ts';
import { whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

interface ExplainFlags {
  readonly view: 'full' | 'requester';
  readonly facts?: string;
  readonly event?: string;
}

export function addTransactionExplain(transaction: Command, session: Session): void {
  transaction
    .command('explain <id>')
    .description('execute a committed transaction once more: which rules it met, what each saw, how it was decided')
    .addOption(
      new Option('--view <whom>', 'requester: leaves out what would tell of consents and hidden labels')
        .choices(['full', 'requester'])
        .default('full'),
    )
    .option(
      '--facts <file>',
      'JSON of what the record was (labels, class, codes, date …): what the gateway said of sealed clauses is checked with the openings of this keystore',
    )
    .option('--event <hex>', 'of a batch, the decision on this event')
    .action(session.run(explain));
}

async function explain(context: Context, id: string, flags: ExplainFlags): Promise<Report> {
  if (flags.facts !== undefined && flags.view !== 'full')
    throw new AssentError('usage', 'What a gateway said is checked against the full explanation: leave --view out.');
  const client = context.client();
  const found = await findTransaction(client, id);
  const explained = await client.explain(found.id, { view: flags.view, event: flags.event });
  const decisions = explained.decisions as unknown as readonly (ExplainedDecision & ClaimedDecision)[];
  const checks = flags.facts === undefined ? [] : await checksOf(context, flags.facts, decisions);
  const { style, nowMs } = context;
  const text = [
    headText(style, explained, nowMs),
    rulesText(style, explained.rules),
    ...decisions.map((decision, place) => decisionText(style, decision, checks[place])),
    ...(explained.decisionCount > decisions.length
      ? [`${decisions.length} of ${explained.decisionCount} decisions; --event shows any of them.`]
      : []),
  ].join('\n\n');
  const isRight = explained.agrees && checks.every(isConfirmed);
  return { json: { ...explained, ...(checks.length > 0 && { checks }) }, text, exitCode: isRight ? 0 : 4 };
}

function isConfirmed({ contradicted, isOutsideGlass }: ClaimsCheck): boolean {
  return contradicted.length === 0 && !isOutsideGlass;
}

/** Nothing of the file or the openings leaves this machine. */
async function checksOf(
  context: Context,
  file: string,
  decisions: readonly ClaimedDecision[],
): Promise<readonly ClaimsCheck[]> {
  const { keystore } = await context.home('read');
  const record = recordFacts(file);
  return decisions.map((decision) => checkClaims(decision, (commitment) => keystore.opening(commitment), record));
}

function headText(style: Style, explained: TransactionExplanation, nowMs: number): string {
  const { id, kind, height, index, at, ruleset, result, agrees, recomputed } = explained;
  const resultText = (shown: TransactionExplanation['result']): string =>
    shown.ok
      ? `${style.good('ok')}${shown.output === undefined ? '' : ` ${JSON.stringify(shown.output)}`}`
      : `${style.bad(shown.code ?? 'refused')} by rule ${shown.rule ?? '?'}`;
  return facts(style, [
    ['transaction', id],
    ['kind', kind],
    ['block', `${height}, place ${index}`],
    ['committed', whenText(at, nowMs)],
    ['rule set', ruleset],
    ['result', resultText(result)],
    ['because', result.sentence],
    ['recomputed', agrees ? 'the same' : `${style.bad('something else')}: ${recomputed && resultText(recomputed)}`],
  ]);
}

function rulesText(style: Style, rules: readonly RuleView[]): string {
  if (rules.length === 0) return 'Its kind has no rules of its own.';
  const verdicts = {
    permitted: style.good('permitted'),
    refused: style.bad('refused'),
    'not-reached': style.faint('not reached'),
  };
  return table(
    style,
    [{ title: '', align: 'right' }, 'rule', 'verdict', 'what it saw', 'when it refuses'],
    rules.map(({ rule, verdict, sentence, ...seen }, place) => [
      String(place + 1),
      rule,
      verdicts[verdict],
      sawText(seen),
      sentence,
    ]),
  );
}

/** What a rule noted, and the kinds of state that it found or did not find: `enrolment/domain; no access/event`. */
function sawText({ reads, saw }: Pick<RuleView, 'reads' | 'saw'>): string {
  const noted = saw.map(({ what, value }) => `${what} ${value}`);
  const looked = reads.map(({ key, found }) => `${found ? '' : 'no '}${key.split('/').slice(0, 2).join('/')}`);
  return [...noted, ...new Set(looked)].join('; ');
}

function decisionText(style: Style, decision: ExplainedDecision, check: ClaimsCheck | undefined): string {
  const lines = [decisionLine(style, decision), ...consentLines(decision)];
  return check === undefined ? lines.join('\n') : [...lines, ...claimsCheckLines(style, check)].join('\n');
}
