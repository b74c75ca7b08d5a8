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

/** What a proposal asks for: `add …Xy3kPq9d of riverside`, `drop what waits`. */
export function askedBy({ action, nodeId, member }: ProposalView): string {
  if (nodeId === undefined) return 'drop what waits';
  const verb = action.replace(/^node-/, '');
  return `${verb} …${shortNodeId(nodeId)}${member === undefined ? '' : ` of ${member}`}`;
}
