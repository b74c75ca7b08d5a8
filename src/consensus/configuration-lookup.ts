import { equalBytes, present, toHex } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { type Electorate, electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import type { ConfigurationChange, ProvedChange } from './options.ts';
import type { BlockReference, ChainReader, Configuration, Hash, Recovery, Tip } from './types.ts';

/** More than the changes that can wait for execution and the disk at a time. */
const learnedKept = 1024;
/** The configurations on the way to the newest one: certificates that are shown are seldom older. */
const provedKept = 64;

/** The configurations that this node can count under: those of its chain, and those of blocks that it checked. */
export class ConfigurationBook {
  readonly #genesis: Configuration;
  readonly #chain: ChainReader;
  /** Of checked blocks that are not durable yet, or that left the chain again. */
  readonly #learned = new Map<string, Configuration>();
  /** Proved by a certified history, ascending; not necessarily in the chain yet. */
  #proved: readonly ProvedChange[] = [];
  /** Nearly every question is after the same one. */
  #latest: Configuration;

  constructor(genesis: Configuration, chain: ChainReader) {
    this.#genesis = genesis;
    this.#chain = chain;
    this.#latest = genesis;
  }

  get genesis(): Configuration {
    return this.#genesis;
  }

  find(hash: Hash): Configuration | undefined {
    if (equalBytes(hash, this.#latest.hash)) return this.#latest;
    const found = equalBytes(hash, this.#genesis.hash)
      ? this.#genesis
      : (this.#learned.get(toHex(hash)) ?? this.#chain.configuration(hash) ?? this.#findProved(hash));
    if (found !== undefined) this.#latest = found;
    return found;
  }

  /** Remembers the configuration of a block that was checked. */
  learn(configuration: Configuration): void {
    const key = toHex(configuration.hash);
    this.#learned.delete(key);
    this.#learned.set(key, configuration);
    if (this.#learned.size <= learnedKept) return;
    const [oldest] = this.#learned.keys();
    if (oldest !== undefined) this.#learned.delete(oldest);
  }

  /**
   * Takes what a verified history says of the chain above this node's. Each of these changes is certified, so it is in
   * every chain that can be certified from now on, and whatever counts under it may be counted before its block is here:
   * a certificate still commits only a block of the own chain, and a leader's blocks still have to stand on it.
   */
  prove(changes: readonly ProvedChange[]): void {
    this.#proved = [...this.#proved, ...changes].slice(-provedKept);
  }

  get newestProved(): ProvedChange | undefined {
    return this.#proved.at(-1);
  }

  #findProved(hash: Hash): Configuration | undefined {
    return this.#proved.find(({ configuration }) => equalBytes(configuration.hash, hash))?.configuration;
  }
}

/** The configuration with this hash, or undefined when the node does not know it. */
export function configurationOf(core: Core, hash: Hash): Configuration | undefined {
  const { recovery, configurations } = core;
  const isFounded = recovery !== undefined && equalBytes(recovery.configuration.hash, hash);
  return isFounded ? recovery.configuration : configurations.find(hash);
}

/** The configuration in force at the end of the node's own chain: who votes, and who is sent what. */
export function configurationAtTip(core: Core): Configuration {
  const recovery = recoveryAhead(core);
  if (recovery !== undefined) return recovery.configuration;
  return configurationAtChange(core, core.log.changes.length - 1);
}

/** The newest change that is certified in the own chain; height 0 where the first configuration is still the newest. */
export function certifiedChange(core: Core): { readonly height: number; readonly configuration: Configuration } {
  const { certifiedHeight, log } = core;
  const index = log.changes.findLastIndex(({ height }) => height <= certifiedHeight);
  return { height: log.changes[index]?.height ?? 0, configuration: configurationAtChange(core, index) };
}

/** The configuration in force after the highest block of the own chain that a certificate covers. */
export function certifiedConfiguration(core: Core): Configuration {
  const { certifiedHeight, recovery } = core;
  const isBelow = recovery !== undefined && certifiedHeight <= recovery.base.height;
  return isBelow ? recovery.configuration : certifiedChange(core).configuration;
}

/** What one of the own chain's changes brought into force; before the first it is the first configuration. */
function configurationAtChange(core: Core, changeIndex: number): Configuration {
  const change = core.log.changes[changeIndex];
  if (change === undefined) return core.configurations.genesis;
  return present(configurationOf(core, change.configurationHash), 'the configurations of the own chain are known');
}

/** The recovery that was applied here, until the chain has passed its base: from there on its blocks say who votes. */
export function recoveryAhead(core: Core): Recovery | undefined {
  const { recovery, log } = core;
  return recovery !== undefined && log.tip.height <= recovery.base.height ? recovery : undefined;
}

/** The configuration in force after a block of the node's own chain; undefined stands for the chain's start. */
export function configurationAfter(core: Core, block: BlockReference | undefined): Configuration {
  const { recovery } = core;
  const isBase = recovery !== undefined && block !== undefined && equalBytes(recovery.base.hash, block.hash);
  return isBase ? recovery.configuration : statedConfiguration(core, block);
}

/** The configuration that a block's header names. */
export function statedConfiguration(core: Core, block: BlockReference | undefined): Configuration {
  if (block === undefined) return core.configurations.genesis;
  return present(configurationOf(core, block.configurationHash), 'the configuration of the own chain is known');
}

/** Whether the node is a voter of the newest configuration in this node's chain. */
export function isVoter(core: Core, nodeId: NodeId): boolean {
  return electorateOf(configurationAtTip(core)).voters.has(nodeId);
}

/**
 * Whether messages of this node are taken: it belongs to the configuration at the tip, to the one that is certified (a
 * removal counts once it is), to the one at the end of what is staged or to the newest that a history proved. A node that is in no configuration yet hears the
 * nodes that its operator named.
 */
export function isAdmitted(core: Core, nodeId: NodeId): boolean {
  const { keys } = electorateOf(configurationAtTip(core));
  if (keys.has(nodeId) || (core.seeds.has(nodeId) && !keys.has(core.nodeId))) return true;
  return otherElectorates(core).some((other) => other.keys.has(nodeId));
}

/** Every node of a configuration that counts now. */
export function admittedNodes(core: Core): Set<NodeId> {
  const nodes = new Set(electorateOf(configurationAtTip(core)).keys.keys());
  for (const { keys } of otherElectorates(core)) for (const nodeId of keys.keys()) nodes.add(nodeId);
  return nodes;
}

const removalsKept = 16;

/** Every node that may connect: also those removed lately that may not know it, and may ask for the proof. */
export function connectedNodes(core: Core): ReadonlySet<NodeId> {
  const nodes = admittedNodes(core);
  if (!nodes.has(core.nodeId)) for (const seed of core.seeds) nodes.add(seed);
  const { changes } = core.log;
  for (let index = Math.max(0, changes.length - removalsKept); index < changes.length; index++) {
    for (const nodeId of electorateOf(configurationAtChange(core, index - 1)).keys.keys())
      if (!core.dismissed.has(nodeId)) nodes.add(nodeId);
  }
  return nodes;
}

function otherElectorates(core: Core): Electorate[] {
  const others = [certifiedConfiguration(core), stagedConfiguration(core), changeAhead(core)?.configuration];
  // Whoever was abandoned has no say, even where this chain is still theirs.
  const { generation } = configurationAtTip(core);
  return others.flatMap((other) => (other === undefined || other.generation < generation ? [] : [electorateOf(other)]));
}

/** The newest change that a history proved, until this chain has it. */
export function changeAhead(core: Core): ProvedChange | undefined {
  const proved = core.configurations.newestProved;
  if (proved === undefined || proved.height <= core.certifiedHeight) return undefined;
  return core.log.has(proved.height, proved.blockHash) ? undefined : proved;
}

/** The configuration at the end of what is staged; undefined when nothing is. */
export function stagedConfiguration(core: Core): Configuration | undefined {
  const staged = core.staging.blocks.at(-1)?.block;
  return staged && configurationOf(core, staged.configurationHash);
}

/**
 * The configuration under which votes for a candidate with this tip count, as far as it is known: when the tip is not
 * here, the newest proved, or the own one.
 */
export function configurationAtClaim(core: Core, { height, hash }: Tip): Configuration {
  const recovery = recoveryAhead(core);
  if (recovery !== undefined) return recovery.configuration;
  if (core.log.has(height, hash)) return configurationAfter(core, core.log.at(height));
  const staged = core.staging.has(height, hash) ? core.staging.at(height)?.block : undefined;
  const stagedConfiguration = staged && configurationOf(core, staged.configurationHash);
  return stagedConfiguration ?? changeAhead(core)?.configuration ?? configurationAtTip(core);
}

/** Where this node's chain removed the node for good, and that is certified. */
export function removalHeight(core: Core, nodeId: NodeId): number | undefined {
  if (admittedNodes(core).has(nodeId)) return undefined;
  const { changes } = core.log;
  for (let index = changes.length - 1; index >= 0; index--) {
    if (!electorateOf(configurationAtChange(core, index - 1)).keys.has(nodeId)) continue;
    const { height } = changes[index] as ConfigurationChange;
    return height <= core.certifiedHeight ? height : undefined;
  }
  return undefined;
}
