import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { DecisionDifference, JsonValue, OutcomeOfDecision, ReplayMismatch, WhatIfPage } from '../../api/index.ts';
import { AssentError, messageOf } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { gateText, reasonText } from '../output/decision-text.ts';
import { paintDecision, type Style } from '../output/style.ts';
import { table } from '../output/table.ts';
import { countText, shortDid, shortHash, timeText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { addPolicyLint } from './policy-lint.ts';
import { pastTime } from './values.ts';

const examples = `
FILE holds a domain's policy as JSON, such as \`assent domain show NAME --json\` prints it. Nothing is changed or logged.

Examples:
  $ assent policy new > candidate.json
  $ assent policy lint candidate.json
  $ assent policy lint --domain st-mary --consents ada.json,grace.json
  $ assent domain show st-mary --json > candidate.json
  $ assent policy what-if candidate.json --domain st-mary --from 30d
  $ assent policy what-if candidate.json --domain st-mary --from 2026-01-01 --until 2026-02-01 --json`;

export function addPolicy(program: Command, session: Session): void {
  const policy = program.command('policy').description("rules of custodians' domains").addHelpText('after', examples);
  addPolicyLint(policy, session);
  policy
    .command('what-if <file>')
    .description('which recorded decisions another policy would have changed; exits 4 where the record does not replay')
    .requiredOption('--domain <name>', 'whose policy it would be')
    .option(
      '--from <time>',
      'decisions at this time or later; 30d: so long ago (default: all that can be replayed)',
      pastTime,
    )
    .option('--until <time>', 'decisions before this time (default: now)', pastTime)
    .action(session.run(whatIf));
}

interface WhatIfFlags {
  readonly domain: string;
  readonly from?: number;
  readonly until?: number;
}

/** All slices of the period in one. */
interface Outcome {
  readonly domain: string;
  readonly blocks: { readonly from: number; readonly to: number } | undefined;
  readonly decisions: number;
  readonly differences: readonly DecisionDifference[];
  readonly mismatches: readonly ReplayMismatch[];
}

async function whatIf(context: Context, file: string, flags: WhatIfFlags): Promise<Report> {
  const outcome = await walk(context, readPolicy(context.path(file)), {
    ...flags,
    until: flags.until ?? context.nowMs,
  });
  const { style } = context;
  const { blocks, decisions, differences, mismatches } = outcome;
  const head =
    blocks === undefined
      ? 'The period has no blocks.'
      : `${countText(decisions, 'decision')} of ${flags.domain} in the blocks ${blocks.from} to ${blocks.to}; ` +
        `${differences.length} would have been another.`;
  const parts = [head];
  if (differences.length > 0) parts.push(differencesText(style, differences));
  if (mismatches.length > 0) parts.push(mismatchesText(style, mismatches));
  return { json: outcome, text: parts.join('\n\n'), exitCode: mismatches.length === 0 ? 0 : 4 };
}

async function walk(context: Context, policy: JsonValue, { domain, from, until }: WhatIfFlags): Promise<Outcome> {
  const client = context.client();
  const progress = context.progress('Replaying');
  const differences: DecisionDifference[] = [];
  const mismatches: ReplayMismatch[] = [];
  let decisions = 0;
  let first: number | undefined;
  let page: WhatIfPage | undefined;
  try {
    do {
      const before: WhatIfPage | undefined = page;
      page = await client.whatIf(domain, {
        policy,
        ...(from !== undefined && { from }),
        ...(until !== undefined && { until }),
        ...(before?.next !== undefined && { next: before.next }),
      });
      differences.push(...page.differences);
      mismatches.push(...page.mismatches);
      decisions += page.decisions;
      first ??= page.blocks?.from;
      const to: number = page.blocks?.to ?? page.head;
      if (first !== undefined) progress.update((to - first + 1) / (page.head - first + 1), `block ${to}`);
    } while (page.next !== undefined);
  } finally {
    progress.finish();
  }
  const last = page.blocks?.to ?? (page.head > 0 ? page.head : undefined);
  const blocks = first === undefined || last === undefined ? undefined : { from: first, to: last };
  return { domain, blocks, decisions, differences, mismatches };
}

/** The policy alone, or as `domain show` prints it with its domain. */
function readPolicy(path: string): JsonValue {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new AssentError('input-invalid', `${path} holds no policy: ${messageOf(error)}.`, {}, { cause: error });
  }
  const { policy } = parsed as { readonly policy?: JsonValue };
  return policy ?? (parsed as JsonValue);
}

function differencesText(style: Style, differences: readonly DecisionDifference[]): string {
  return table(
    style,
    [
      'when',
      'subject',
      'agent',
      'purpose',
      'recorded',
      'would be',
      'because',
      { title: 'block', align: 'right' },
      'tx',
    ],
    differences.map(({ id, height, entry, recorded, candidate }) => [
      timeText(Number(entry['at'])),
      shortDid(String(entry['subject'])),
      shortDid(String(entry['agent'])),
      String(entry['purpose'] ?? ''),
      outcomeText(style, recorded),
      outcomeText(style, candidate),
      becauseText(candidate),
      String(height),
      shortHash(id),
    ]),
  );
}

function outcomeText(style: Style, { decision, refused }: OutcomeOfDecision): string {
  if (refused !== undefined) return style.bad('not recorded');
  return decision === undefined ? style.warning('glass broken') : paintDecision(style, decision);
}

function becauseText({ reason, gate, refused, determining = [] }: OutcomeOfDecision): string {
  if (refused !== undefined) return refused.sentence;
  if (gate !== undefined) return gateText(gate as unknown as Parameters<typeof gateText>[0]);
  const consents = determining.length === 0 ? '' : ` (${determining.map(shortHash).join(', ')})`;
  return `${reasonText(reason)}${consents}`;
}

function mismatchesText(style: Style, mismatches: readonly ReplayMismatch[]): string {
  const rows = mismatches.map(({ id, height, recorded, recomputed }) => [
    shortHash(id),
    String(height),
    JSON.stringify(recorded.output ?? recorded.code ?? recorded.ok),
    style.bad(JSON.stringify(recomputed.output ?? recomputed.code ?? recomputed.ok)),
  ]);
  const rest = table(style, ['tx', { title: 'block', align: 'right' }, 'recorded', 'recomputed'], rows);
  return `What this node has recorded does not come out again; compare it with another node's:\n${rest}`;
}
