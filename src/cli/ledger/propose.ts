import type { Context } from '../context.ts';
import { memberIn } from '../keys/member.ts';
import { shortHash } from '../output/words.ts';
import type { Report } from '../session.ts';
import { committedReport, submitAs } from './submit.ts';

/** What a passed proposal leaves to be seen. */
export function passedWords(action: string): string {
  return action.startsWith('node-')
    ? 'it is passed; `assent node list` shows what waits for its block'
    : 'it is passed and done';
}

/** Proposes as the member that --as names. `change` is in the JSON form of `governance.propose`. */
export async function submitProposal(
  context: Context,
  change: { readonly action: string; readonly [field: string]: unknown },
): Promise<Report> {
  const home = await context.home('read');
  const receipt = await submitAs(home, memberIn(context, home), 'governance.propose', change);
  const { proposal, state } = receipt.result.output as { proposal: string; state: string };
  const next =
    state === 'passed'
      ? passedWords(change.action)
      : `members vote with \`assent proposal vote ${shortHash(proposal)} --approve\``;
  return committedReport(context.style, receipt, `Proposed as ${shortHash(proposal)}: ${next}.`, { proposal, state });
}
