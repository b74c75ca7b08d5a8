import { AssentError, assert, toHex } from '../base/index.ts';
import { PUBLIC_KEY_BYTES, sha256 } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { ledgerLimits } from './limits.ts';

export interface NodeOfConfiguration {
  /** Ed25519 node key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly role: 'voter' | 'learner';
}

/** The nodes with keys and roles, and how often the ledger was re-founded (protocol.md §5, "Disaster"). */
export interface NodeConfiguration {
  readonly generation: number;
  readonly nodes: readonly NodeOfConfiguration[];
  /** Canonical bytes `[version, generation, [[key, role], …]]`, the nodes in their order. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes: what headers, acks and certificates name. */
  readonly hash: Uint8Array;
}

const configurationVersion = 1;
// A node takes less than 64 bytes: its key, its role and three heads.
const codecBounds = {
  bytesMax: 64 * (ledgerLimits.configurationNodesMax + 1),
  depthMax: 3,
  countMax: 3 * ledgerLimits.configurationNodesMax + 4,
};

/** A configuration of these nodes, in this order: at most 64, at least one voter, no key twice. */
export function nodeConfiguration(generation: number, nodes: readonly NodeOfConfiguration[]): NodeConfiguration {
  const problem = problemOf(nodes);
  assert(problem === undefined, `a configuration is well formed: ${problem}`);
  const encodedNodes: CanonicalValue[] = nodes.map((node) => [node.publicKey, node.role]);
  const bytes = encodeCanonical([configurationVersion, generation, encodedNodes]);
  return { generation, nodes, bytes, hash: sha256(bytes) };
}

/** The configuration of canonical bytes: the strict inverse of {@link nodeConfiguration}. Throws `encoding-invalid`. */
export function openConfiguration(bytes: Uint8Array): NodeConfiguration {
  const value = decodeOrRefuse(bytes);
  if (!Array.isArray(value) || value.length !== 3) throw invalid('it has 3 fields');
  const [version, generation, encodedNodes] = value as readonly CanonicalValue[];
  if (version !== configurationVersion) throw invalid(`version ${String(version)} is not ${configurationVersion}`);
  if (typeof generation !== 'number' || generation < 0) throw invalid('the generation is not a count');
  if (!Array.isArray(encodedNodes)) throw invalid('the nodes are not a list');
  const nodes = encodedNodes.map(readNode);
  const problem = problemOf(nodes);
  if (problem !== undefined) throw invalid(problem);
  return { generation, nodes, bytes, hash: sha256(bytes) };
}

/** What is wrong with a list of nodes, if anything. */
export function problemOf(nodes: readonly NodeOfConfiguration[]): string | undefined {
  if (nodes.length > ledgerLimits.configurationNodesMax)
    return `there are more than ${ledgerLimits.configurationNodesMax} nodes`;
  if (new Set(nodes.map(({ publicKey }) => toHex(publicKey))).size !== nodes.length) return 'a node key appears twice';
  return nodes.some(({ role }) => role === 'voter') ? undefined : 'there is no voter';
}

function readNode(value: CanonicalValue): NodeOfConfiguration {
  if (!Array.isArray(value) || value.length !== 2) throw invalid('a node has 2 fields');
  const [publicKey, role] = value as readonly CanonicalValue[];
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== PUBLIC_KEY_BYTES)
    throw invalid(`a node key is not ${PUBLIC_KEY_BYTES} bytes`);
  if (role !== 'voter' && role !== 'learner') throw invalid('a node is a voter or a learner');
  return { publicKey, role };
}

function decodeOrRefuse(bytes: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(bytes, codecBounds);
  } catch (error) {
    throw invalid('it is not canonical msgpack within its bounds', error);
  }
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('encoding-invalid', `the configuration is malformed: ${reason}`, {}, { cause });
}
