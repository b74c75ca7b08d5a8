import { AssentError } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { type GenesisContent, ledgerLimits } from '../ledger-types.ts';
import { initialiseMembers, isMember } from './members.ts';
import { initialiseParameters, statedParameter, thresholdName } from './parameters.ts';
import { initialiseRuleSets } from './rule-sets.ts';
import { changes, configuration, listed } from './state.ts';
import { thresholdMin } from './threshold.ts';

/** Writes members, parameters, the first configuration, and what proposals need. @throws AssentError `genesis-invalid`. */
export function initialiseGovernance(genesis: GenesisContent, state: WritableState): void {
  initialiseMembers(genesis, state);
  initialiseParameters(genesis, state);
  const count = genesis.members.length;
  const [least, most] = [thresholdMin(count), Math.max(1, count)];
  const threshold = statedParameter(state, thresholdName);
  if (threshold !== undefined && (threshold < least || threshold > most))
    throw invalid(`the parameter ${thresholdName} is not a whole number from ${least} to ${most}`);
  if (genesis.nodes.length > ledgerLimits.configurationNodesMax)
    throw invalid(`more than ${ledgerLimits.configurationNodesMax} nodes`);
  for (const { member } of genesis.nodes)
    if (!isMember(state, member)) throw invalid(`a node belongs to ${member}, which is not a member`);
  const nodes = genesis.nodes.map(({ publicKey, member, role }) => {
    return { nodeKey: publicKey, member, role, sinceHeight: 0 };
  });
  configuration.put(state, [], { generation: 0, nodes });
  changes.put(state, [], { waiting: [] });
  listed.put(state, [], { proposals: [] });
  initialiseRuleSets(genesis.ruleSet, state);
}

function invalid(message: string): AssentError {
  return new AssentError('genesis-invalid', message);
}
