import { AssentError } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { approvalThresholdParameter, type GenesisContent, ledgerLimits } from '../ledger-types.ts';
import { initialiseMembers, isMember } from './members.ts';
import { changes, configuration, listed, parameters } from './state.ts';

/** Parameter of genesis: how often a member replaces a node of its own. */
export const replaceIntervalParameter = 'governance.replaceIntervalMs';
/** An hour. */
const replaceIntervalMsDefault = 3_600_000;

/** Writes the first configuration, and what proposals need. @throws AssentError `genesis-invalid`. */
export function initialiseGovernance(genesis: GenesisContent, state: WritableState): void {
  const count = genesis.members.length;
  initialiseMembers(genesis, state);
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
  const moreThanHalf = Math.floor(count / 2) + 1;
  parameters.put(state, [], {
    members: count,
    threshold: parameter(genesis, approvalThresholdParameter, {
      min: 1,
      max: Math.max(1, count),
      absent: moreThanHalf,
    }),
    replaceIntervalMs: parameter(genesis, replaceIntervalParameter, {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      absent: replaceIntervalMsDefault,
    }),
  });
}

function parameter(
  genesis: GenesisContent,
  name: string,
  bounds: { min: number; max: number; absent: number },
): number {
  const stated = genesis.parameters.find(([parameterName]) => parameterName === name);
  if (stated === undefined) return bounds.absent;
  const [, value] = stated;
  if (typeof value !== 'number' || value < bounds.min || value > bounds.max)
    throw invalid(`the parameter ${name} is not a whole number from ${bounds.min} to ${bounds.max}`);
  return value;
}

function invalid(message: string): AssentError {
  return new AssentError('genesis-invalid', message);
}
