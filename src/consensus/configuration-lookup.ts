import { equalBytes, present } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import type { Configuration, Hash, Tip } from './types.ts';

/** The configuration with this hash, or undefined when the node does not know it. */
export function configurationOf(core: Core, hash: Hash): Configuration | undefined {
  if (equalBytes(hash, core.genesisConfiguration.hash)) return core.genesisConfiguration;
  return core.chain.configuration(hash);
}

/** The configuration in force at the end of the node's own chain: who votes, and who is sent what. */
export function configurationAtTip(core: Core): Configuration {
  const block = core.log.at(core.log.tip.height);
  if (block === undefined) return core.genesisConfiguration;
  return present(configurationOf(core, block.configurationHash), 'the configuration of the own chain is known');
}

/**
 * The configuration in force at a claimed tip: exactly, when the node has that block. Of a tip that it does not have it
 * can only assume that no change lies between; configurations are fixed from genesis so far.
 */
export function configurationAt(core: Core, tip: Tip): Configuration | undefined {
  if (tip.height === 0) return core.genesisConfiguration;
  const block = core.staging.has(tip.height, tip.hash)
    ? core.staging.at(tip.height)?.block
    : core.log.has(tip.height, tip.hash)
      ? core.log.at(tip.height)
      : undefined;
  return block === undefined ? configurationAtTip(core) : configurationOf(core, block.configurationHash);
}

/** Whether the node is a voter of the newest configuration in this node's chain. */
export function isVoter(core: Core, nodeId: NodeId): boolean {
  return electorateOf(configurationAtTip(core)).voters.has(nodeId);
}
