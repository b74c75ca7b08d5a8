import type { ProposalView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import { shortNodeId } from '../output/words.ts';

/** A proposal by its id, or one of the newest by the beginning of its id. Throws `not-found`, `usage`. */
export async function findProposal(client: AssentClient, reference: string): Promise<ProposalView> {
  const text = reference.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(text)) return client.proposal(text);
  if (!/^[0-9a-f]{6,63}$/.test(text))
    throw new AssentError('usage', `"${reference}" is no proposal; give its id, or at least the first 6 digits of it.`);
  const { proposals } = await client.proposals();
  const [found, ...others] = proposals.filter(({ proposal }) => proposal.startsWith(text));
  if (found === undefined) throw new AssentError('not-found', `No proposal of late begins with ${text}.`);
  if (others.length === 0) return found;
  throw new AssentError('usage', `${text} is the beginning of ${others.length + 1} proposals; give more of it.`);
}

/** What a proposal asks for: `add node …Xy3kPq9d of riverside`, `remove member st-mary`. */
export function askedBy(view: ProposalView): string {
  const { action, nodeId, member = '', role, issuers, parameter, value, domain, ruleSet, height } = view;
  const verb = action.replace(/^(node|member)-/, '');
  if (nodeId !== undefined) return `${verb} node …${shortNodeId(nodeId)}${member === '' ? '' : ` of ${member}`}`;
  switch (action) {
    case 'member-add':
    case 'member-remove':
      return `${verb} member ${member}`;
    case 'member-rekey':
      return `give ${member} another key`;
    case 'role-issuers':
      return `let ${issuers === undefined ? 'every member' : issuers.join(', ') || 'nobody'} issue ${role}`;
    case 'parameter-set':
      return value === undefined ? `let the default of ${parameter} hold` : `set ${parameter} to ${value}`;
    case 'domain-hand-over':
      return `hand ${domain} over to ${member}`;
    case 'rules-activate':
      return `let ${ruleSet} hold from block ${height}`;
    case 'rules-cancel':
      return 'keep the rules in force';
    case 'changes-drop':
      return 'drop what waits';
    default:
      return action;
  }
}
