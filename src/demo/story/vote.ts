import type { JsonValue } from '../../api/index.ts';
import type { AssentClient, Identity } from '../../client/index.ts';
import type { Custodian } from '../enrol.ts';
import { type Home, identityNamed, keysWith, send } from '../home.ts';
import type { StoryStep } from './player.ts';

/** What the chapter needs of a ledger beside what the others do: reading the rules, and the log under other ones. */
export type CouncilLedger = Pick<AssentClient, 'whatIf' | 'domain' | 'governance' | 'proposals'>;

const parameter = 'domains.breakGlassRequired';
/** Slices of the log; a demo's has few. */
const pagesMax = 100;

/**
 * The consortium decides about break-glass: first what the log would say under a policy without it, then a vote that no
 * domain may do without it. What was decided in an earlier run stays.
 */
export async function playVote(home: Home, ledger: CouncilLedger, custodian: Custodian): Promise<StoryStep[]> {
  const { decisions, differences } = await withoutBreakGlass(ledger, custodian.domain);
  const members = keysWith(home, { role: 'governance' }).map((name) => identityNamed(home, name));
  const transactionId = await decide(home, ledger, members);
  return [
    {
      step: 'what-if',
      who: 'The consortium',
      what: `tries a policy without break-glass on the log of ${custodian.domain}: of ${decisions} decisions ${differences} would have been another`,
    },
    {
      step: 'vote',
      who: 'The consortium',
      what: 'votes that every domain must allow break-glass, and holds to it from this block on',
      ...(transactionId === undefined ? {} : { transactionId }),
    },
  ];
}

async function withoutBreakGlass(
  ledger: CouncilLedger,
  domain: string,
): Promise<{ decisions: number; differences: number }> {
  const { emergency: _, ...policy } = (await ledger.domain(domain)).policy as Readonly<Record<string, JsonValue>>;
  const found = { decisions: 0, differences: 0 };
  let next: number | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const slice = await ledger.whatIf(domain, { policy, ...(next === undefined ? {} : { next }) });
    found.decisions += slice.decisions;
    found.differences += slice.differences.length;
    next = slice.next;
    if (next === undefined) break;
  }
  return found;
}

/** The transaction that decided; undefined where an earlier run did. */
async function decide(home: Home, ledger: CouncilLedger, members: readonly Identity[]): Promise<string | undefined> {
  const { parameters } = await ledger.governance();
  if (parameters.some((one) => one.parameter === parameter && one.value === 1)) return undefined;
  const [proposer, ...others] = members;
  if (proposer === undefined) return undefined;
  const open = (await ledger.proposals()).proposals.find(
    (one) => one.state === 'open' && one.action === 'parameter-set' && one.parameter === parameter,
  );
  let proposal = open?.proposal;
  let last = proposal;
  if (proposal === undefined) {
    const change = { action: 'parameter-set', parameter, value: 1 };
    const { id, result } = await send(home, proposer, 'governance.propose', change);
    proposal = id;
    last = id;
    if ((result.output as { state?: string } | undefined)?.state === 'passed') return id;
  }
  for (const member of others) {
    const { id, result } = await send(home, member, 'governance.vote', { proposal, approve: true });
    last = id;
    if ((result.output as { state?: string } | undefined)?.state === 'passed') break;
  }
  return last;
}
