import { type Contract, defineContract } from '../engine/contract.ts';
import { configurationKeeper } from './changes.ts';
import { initialiseGovernance } from './genesis.ts';
import { propose } from './propose.ts';
import { replaceNode } from './replace-node.ts';
import { vote, withdraw } from './vote.ts';

/** What members decide together: the ledger's nodes and their roles (contracts.md, `governance`). */
export const governance: Contract = defineContract({
  namespace: 'governance',
  initialise: initialiseGovernance,
  configuration: configurationKeeper,
  kinds: {
    'governance.propose': propose,
    'governance.vote': vote,
    'governance.withdraw': withdraw,
    'governance.replaceNode': replaceNode,
  },
});
