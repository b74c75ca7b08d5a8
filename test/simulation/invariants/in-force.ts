import type { BlockReference, Configuration } from '../../../src/consensus/index.ts';
import { holds, keyOf, short } from './violation.ts';

const oneStep = 'neighbouring configurations differ by one step';

/** The configuration in force after a block, and what its chain says of the nodes besides. */
export interface InForce {
  /** As headers and acks name it. */
  readonly hash: string;
  /** Every node with its role. */
  readonly roles: ReadonlyMap<string, 'voter' | 'learner'>;
  readonly voters: ReadonlySet<string>;
  /** Nodes that the chain removed: they never return. */
  readonly retired: ReadonlySet<string>;
  /** Height of the block that brought it into force; 0 for the first. */
  readonly sinceHeight: number;
}

export function firstInForce(configuration: Configuration): InForce {
  return inForce(configuration, 0, new Set());
}

/**
 * What is in force after a block that stands where `before` is. A change says so, alters one node by one step, brings no
 * removed node back, and cites a certificate of its own term at or above the change before (protocol.md §5).
 */
export function inForceAfter(before: InForce, block: BlockReference): InForce {
  const { configuration, block: certificate } = block.justification;
  const hash = keyOf(block.configurationHash);
  const what = (): string => `block (${block.term}, ${block.height}, ${short(keyOf(block.hash))})`;
  if (configuration === undefined) {
    holds(hash === before.hash, oneStep, () => `${what()} changes the configuration and does not say so`);
    return before;
  }
  const next = inForce(configuration, block.height, before.retired);
  holds(next.hash === hash, oneStep, () => `${what()} names another configuration than it carries`);
  const changed = [...new Set([...before.roles.keys(), ...next.roles.keys()])].filter(
    (node) => before.roles.get(node) !== next.roles.get(node),
  );
  const [node, ...others] = changed;
  holds(node !== undefined && others.length === 0, oneStep, () => `${what()} alters ${changed.length} nodes`);
  const [old, role] = [before.roles.get(node), next.roles.get(node)];
  holds(old !== undefined || role === 'learner', oneStep, () => `${what()} adds a voter`);
  holds(!before.retired.has(node), 'removed keys never count again', () => `${what()} brings ${node} back`);
  holds(
    certificate?.ack.term === block.term && certificate.ack.height >= before.sinceHeight,
    'a change stands on a certificate of its own term, at or above the change before',
    () => `${what()} cites (${certificate?.ack.term}, ${certificate?.ack.height}), changed at ${before.sinceHeight}`,
  );
  return role === undefined ? { ...next, retired: new Set([...before.retired, node]) } : next;
}

function inForce({ hash, nodes }: Configuration, sinceHeight: number, retired: ReadonlySet<string>): InForce {
  const roles = new Map(nodes.map(({ id, role }) => [id as string, role]));
  const voters = new Set([...roles.keys()].filter((node) => roles.get(node) === 'voter'));
  return { hash: keyOf(hash), roles, voters, retired, sinceHeight };
}

export function majorityOf({ voters }: InForce): number {
  return Math.floor(voters.size / 2) + 1;
}
