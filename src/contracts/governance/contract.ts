import { type Contract, defineContract } from '../engine/contract.ts';
import { configurationKeeper } from './changes.ts';
import { governanceStream, nodeReplaced, nodeRetired, proposalMade, proposalWithdrawn, voteCast } from './entries.ts';
import { initialiseGovernance } from './genesis.ts';
import { propose } from './propose.ts';
import { replaceNode } from './replace-node.ts';
import { retireNode } from './retire-node.ts';
import { vote, withdraw } from './vote.ts';

/**
 * What members decide together: who they are, the ledger's nodes, who issues roles, parameters, custodians of domains,
 * versions of the rules (docs/contracts.md, `governance`).
 */
export const governance: Contract = defineContract({
  namespace: 'governance',
  summary:
    'What the members of the consortium decide together: who they are, the nodes, who issues roles, parameters, custodians of domains, versions of the rules.',
  streams: { [governanceStream]: [proposalMade, voteCast, proposalWithdrawn, nodeReplaced, nodeRetired] },
  initialise: initialiseGovernance,
  configuration: configurationKeeper,
  kinds: {
    'governance.propose': propose,
    'governance.vote': vote,
    'governance.withdraw': withdraw,
    'governance.replaceNode': replaceNode,
    'governance.retireNode': retireNode,
  },
});
