import { assert } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import type { Configuration, NodeRole } from './types.ts';

/** A configuration, prepared for counting. */
export interface Electorate {
  readonly keys: ReadonlyMap<NodeId, Uint8Array>;
  readonly voters: ReadonlySet<NodeId>;
  /** The fewest voters that are more than half. */
  readonly majority: number;
}

const electorates = new WeakMap<Configuration, Electorate>();

/** The voters of a configuration with their keys, computed once per configuration object. */
export function electorateOf(configuration: Configuration): Electorate {
  let electorate = electorates.get(configuration);
  if (electorate === undefined) {
    const voters = configuration.nodes.filter((node) => node.role === 'voter').map((node) => node.id);
    assert(voters.length > 0, 'a configuration has a voter');
    electorate = {
      keys: new Map(configuration.nodes.map((node) => [node.id, node.publicKey])),
      voters: new Set(voters),
      majority: Math.floor(voters.length / 2) + 1,
    };
    electorates.set(configuration, electorate);
  }
  return electorate;
}

/** How many of the given nodes are voters of the configuration; duplicates, learners and strangers do not count. */
export function countVoters(electorate: Electorate, nodes: Iterable<NodeId>): number {
  const counted = new Set<NodeId>();
  for (const node of nodes) if (electorate.voters.has(node)) counted.add(node);
  return counted.size;
}

/** The one step from a configuration to its successor. */
export interface ConfigurationStep {
  readonly step: 'add' | 'promote' | 'demote' | 'remove';
  readonly nodeId: NodeId;
}

/**
 * What changes from one configuration to the next; undefined when it is not exactly one step of one node. At most one
 * voter differs then, so that any majority of the one meets any majority of the other (Raft thesis §4.1).
 */
export function stepBetween(previous: Configuration, next: Configuration): ConfigurationStep | undefined {
  if (previous.generation !== next.generation) return undefined;
  const before = rolesOf(previous);
  const after = rolesOf(next);
  if (before.size !== previous.nodes.length || after.size !== next.nodes.length) return undefined;
  // Nobody could ever certify anything again.
  if (!next.nodes.some(({ role }) => role === 'voter')) return undefined;
  const steps: ConfigurationStep[] = [];
  for (const nodeId of new Set([...before.keys(), ...after.keys()])) {
    const [old, role] = [before.get(nodeId), after.get(nodeId)];
    if (old === role) continue;
    // A newcomer has to show as a learner that it keeps up.
    if (old === undefined && role === 'voter') return undefined;
    const step = old === undefined ? 'add' : role === undefined ? 'remove' : role === 'voter' ? 'promote' : 'demote';
    steps.push({ step, nodeId });
  }
  return steps.length === 1 ? steps[0] : undefined;
}

function rolesOf({ nodes }: Configuration): ReadonlyMap<NodeId, NodeRole> {
  return new Map(nodes.map(({ id, role }) => [id, role]));
}
