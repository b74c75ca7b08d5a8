import { type Command, Option } from 'commander';
import { AssentError } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { memberIn } from '../keys/member.ts';
import { askedBy, findProposal } from '../ledger/proposals.ts';
import { passedWords } from '../ledger/propose.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { facts, table } from '../output/table.ts';
import { relativeText, shortHash, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { addProposing } from './proposal-propose.ts';
import { history, settings } from './proposal-views.ts';

const examples = `
Members decide together: on nodes (\`assent node propose\`), on members (\`assent member propose\`), and on what
\`assent proposal propose\` lists. --as names the member's key.

Examples:
  $ assent proposal list
  $ assent proposal settings
  $ assent proposal propose parameter governance.threshold 3 --as member/st-mary
  $ assent proposal propose role researcher --issuers st-mary,riverside --as member/st-mary
  $ assent proposal vote PROPOSAL --approve --as member/riverside
  $ assent proposal withdraw PROPOSAL --as member/st-mary`;

interface VoteFlags {
  readonly approve?: boolean;
  readonly reject?: boolean;
}

export function addProposal(program: Command, session: Session): void {
  const proposal = program
    .command('proposal')
    .description('what members decide together')
    .addHelpText('after', examples);
  proposal.command('list').description('the newest proposals').action(session.run(list));
  proposal.command('show <proposal>').description('one proposal and its votes').action(session.run(show));
  proposal
    .command('settings')
    .description('what members have set: parameters, who issues which role, versions of the rules')
    .action(session.run(settings));
  proposal
    .command('history')
    .description('every proposal, vote and withdrawal, oldest first')
    .action(session.run(history));
  addProposing(proposal, session);
  proposal
    .command('vote <proposal>')
    .description('approve or reject a proposal')
    .option('--approve', 'let it be done')
    .addOption(new Option('--reject', 'let it not be done').conflicts('approve'))
    .action(session.run(vote));
  proposal
    .command('withdraw <proposal>')
    .description("take the member's own proposal back while it is open")
    .action(session.run(withdraw));
}

async function list(context: Context): Promise<Report> {
  const reply = await context.client().proposals();
  const rows = reply.proposals.map((one) => [
    shortHash(one.proposal),
    askedBy(one),
    one.proposer,
    one.state,
    `${one.approvals.length} for, ${one.rejections.length} against`,
    one.state === 'open' ? relativeText(one.closesAt - context.nowMs) : '',
  ]);
  const text = table(context.style, ['proposal', 'asks to', 'by', 'state', 'votes', 'closes'], rows);
  return { json: reply, text: rows.length === 0 ? 'Nobody has proposed anything yet.' : text };
}

async function show(context: Context, reference: string): Promise<Report> {
  const view = await findProposal(context.client(), reference);
  const text = facts(context.style, [
    ['proposal', view.proposal],
    ['asks to', askedBy(view)],
    ['node', view.nodeId],
    ['address', view.address],
    ['key', view.governanceKey],
    ['proposed by', view.proposer],
    ['state', view.state],
    ['approved by', view.approvals.join(', ') || 'nobody'],
    ['rejected by', view.rejections.join(', ') || 'nobody'],
    ['opened', whenText(view.openedAt, context.nowMs)],
    ['closes', whenText(view.closesAt, context.nowMs)],
  ]);
  return { json: view, text };
}

function stateWords(state: string, action: string): string {
  if (state === 'passed') return passedWords(action);
  return state === 'open' ? 'it is still open' : `it is ${state}`;
}

async function vote(context: Context, reference: string, flags: VoteFlags): Promise<Report> {
  if (flags.approve === undefined && flags.reject === undefined)
    throw new AssentError('usage', 'Say --approve or --reject.');
  const home = await context.home('read');
  const member = memberIn(context, home);
  const { proposal, action } = await findProposal(context.client(), reference);
  const approve = flags.approve === true;
  const receipt = await submitAs(home, member, 'governance.vote', { proposal, approve });
  const { state } = receipt.result.output as { state: string };
  const text = `${approve ? 'Approved' : 'Rejected'} ${shortHash(proposal)}: ${stateWords(state, action)}.`;
  return committedReport(context.style, receipt, text, { proposal, state });
}

async function withdraw(context: Context, reference: string): Promise<Report> {
  const home = await context.home('read');
  const member = memberIn(context, home);
  const { proposal } = await findProposal(context.client(), reference);
  const receipt = await submitAs(home, member, 'governance.withdraw', { proposal });
  return committedReport(context.style, receipt, `The proposal ${shortHash(proposal)} is withdrawn.`, { proposal });
}
