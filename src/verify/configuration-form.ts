import type { Configuration } from '../consensus/portable.ts';
import { encodeNodeId } from '../crypto/portable.ts';
import type { NodeConfiguration } from '../ledger/portable.ts';

/** A configuration of the ledger, as consensus counts under it. */
export function consensusForm(configuration: NodeConfiguration): Configuration {
  const nodes = configuration.nodes.map((node) => ({ ...node, id: encodeNodeId(node.publicKey) }));
  return { ...configuration, nodes };
}
