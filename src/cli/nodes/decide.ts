import { AssentError } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import { governanceKey, type Home, identityNamed } from '../../demo/index.ts';
import { submitAs } from '../ledger/submit.ts';
import { shortHash } from '../output/words.ts';

/** A change of one node, in the JSON form of `governance.propose`. */
export interface ProposedChange {
  readonly action: 'node-add' | 'node-promote' | 'node-demote' | 'node-remove';
  readonly nodeKey: string;
  /** Only of a node that is to be added. */
  readonly member?: string;
  readonly address?: string;
}

/**
 * Proposes a change and approves it with every member's key of the keystore until it is passed; an open proposal of the
 * same change is gone on with. Throws `key-unknown` where too few keys are here, and what the ledger refused.
 */
export async function decideTogether(
  client: AssentClient,
  home: Home,
  proposer: string,
  change: ProposedChange,
): Promise<void> {
  const begun = await openProposal(client, change);
  let state: string = begun?.state ?? '';
  let proposal = begun?.proposal;
  if (proposal === undefined) {
    const receipt = await submitAs(home, memberOf(home, proposer), 'governance.propose', change, 'committed');
    ({ proposal, state } = receipt.result.output as { proposal: string; state: string });
  }
  const voted = new Set(begun === undefined ? [proposer] : [...begun.approvals, ...begun.rejections]);
  for (const member of membersIn(home)) {
    if (state !== 'open') break;
    if (voted.has(member)) continue;
    const vote = { proposal, approve: true };
    const receipt = await submitAs(home, memberOf(home, member), 'governance.vote', vote, 'committed');
    ({ state } = receipt.result.output as { state: string });
  }
  if (state !== 'passed')
    throw new AssentError(
      'key-unknown',
      `The proposal ${shortHash(proposal)} is ${state}: the keystore in ${home.keystore.directory} has the keys of too few members to pass it.`,
    );
}

async function openProposal(client: AssentClient, { action, nodeKey }: ProposedChange) {
  const { proposals } = await client.proposals();
  return proposals.find((one) => one.state === 'open' && one.action === action && one.nodeId === nodeKey);
}

/** Members whose governance keys the keystore has. */
function membersIn({ keystore }: Home): string[] {
  return keystore
    .list()
    .filter(({ attributes }) => attributes['role'] === 'governance')
    .flatMap(({ attributes }) => attributes['member'] ?? []);
}

function memberOf(home: Home, member: string) {
  return identityNamed(home, governanceKey(member).name);
}
