import { equalBytes, present, toHex } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import type { BlockContext, RecoveryContent } from '../ledger-types.ts';
import { isMember } from './members.ts';
import { changes, configuration, listed, nodesOf, proposalOf, proposals, retired } from './state.ts';

/**
 * A new generation of nodes (protocol.md §5, "Disaster"). The members signed for it outside of the ledger; what they had
 * decided or were deciding about nodes that are gone means nothing any more.
 */
export function refound(state: WritableState, recovery: RecoveryContent, { height }: BlockContext): boolean {
  const former = nodesOf(state);
  const { generation } = present(configuration.get(state), 'genesis declares a configuration');
  if (recovery.generation !== generation + 1) return false;
  for (const { publicKey, member } of recovery.nodes) {
    if (!isMember(state, member) || retired.get(state, toHex(publicKey)) !== undefined) return false;
    if (former.some(({ nodeKey }) => equalBytes(nodeKey, publicKey))) return false;
  }
  const nodes = recovery.nodes.map(({ publicKey, ...node }) => ({ ...node, nodeKey: publicKey, sinceHeight: height }));
  configuration.put(state, [], { generation: recovery.generation, nodes });
  changes.put(state, [], { waiting: [] });
  for (const { nodeKey, member } of former) retired.put(state, [toHex(nodeKey)], { member, height });
  withdrawProposals(state);
  return true;
}

function withdrawProposals(state: WritableState): void {
  const list = present(listed.get(state), 'genesis begins the list').proposals;
  for (const { id, isOpen } of list) {
    const proposal = isOpen ? proposalOf(state, id) : undefined;
    if (proposal !== undefined) proposals.put(state, [toHex(id)], { ...proposal, state: 'withdrawn' });
  }
  listed.put(state, [], { proposals: list.map((item) => ({ ...item, isOpen: false })) });
}
