import type { Configuration } from '../../consensus/index.ts';
import { encodeNodeId } from '../../crypto/index.ts';
import { type NodeConfiguration, openConfiguration } from '../../ledger/index.ts';

/** A configuration of the ledger, as consensus sees it. */
export function consensusConfiguration({ generation, nodes, bytes, hash }: NodeConfiguration): Configuration {
  return {
    generation,
    bytes,
    hash,
    nodes: nodes.map(({ publicKey, role }) => ({ id: encodeNodeId(publicKey), publicKey, role })),
  };
}

/** The configuration that a justification carries. Throws `encoding-invalid`. */
export function readConfiguration(bytes: Uint8Array): Configuration {
  return consensusConfiguration(openConfiguration(bytes));
}
