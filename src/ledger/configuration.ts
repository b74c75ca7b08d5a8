import { sha256 } from '../crypto/portable.ts';
import { type CanonicalValue, encodeCanonical } from './codec/index.ts';

export interface NodeOfConfiguration {
  /** Ed25519 node key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly role: 'voter' | 'learner';
}

/** The nodes with keys and roles, and how often the ledger was re-founded (protocol.md §5, "Disaster"). */
export interface NodeConfiguration {
  readonly generation: number;
  readonly nodes: readonly NodeOfConfiguration[];
  readonly hash: Uint8Array;
}

const configurationVersion = 1;

/** A configuration with its hash over the canonical bytes `[version, generation, [[key, role], …]]`. */
export function nodeConfiguration(generation: number, nodes: readonly NodeOfConfiguration[]): NodeConfiguration {
  const encodedNodes: CanonicalValue[] = nodes.map((node) => [node.publicKey, node.role]);
  return { generation, nodes, hash: sha256(encodeCanonical([configurationVersion, generation, encodedNodes])) };
}
