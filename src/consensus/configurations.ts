import { assert } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import type { Configuration } from './types.ts';

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
