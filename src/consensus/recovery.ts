import { equalBytes } from '../base/index.ts';
import { recoveryAhead, statedConfiguration } from './configuration-lookup.ts';
import type { Core } from './core.ts';
import { sameTip } from './statements.ts';
import type { BlockReference, Configuration, Tip } from './types.ts';

/** What a block says of a recovery: the configuration that it founds, nothing, or why it may not say so. */
export type FoundedConfiguration =
  | { readonly kind: 'founded'; readonly configuration: Configuration }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'broken'; readonly reason: string };

const nothing: FoundedConfiguration = { kind: 'nothing' };

/**
 * A new generation begins with the first block above the base that enough members agreed on (protocol.md §5, "Disaster"),
 * and in no other way: it opens a term, carries their statement, and no key of it was in force before.
 */
export function checkRecovery(
  core: Core,
  block: BlockReference,
  parent: BlockReference | undefined,
  parentTip: Tip,
): FoundedConfiguration {
  const { recovery: applied } = core;
  const { recovery: bytes, configuration } = block.justification;
  if (applied?.base.height === block.height && !equalBytes(applied.base.hash, block.hash)) return broken('abandoned');
  const expected = applied !== undefined && sameTip(applied.base, parentTip) ? applied.configuration : undefined;
  if (bytes === undefined) return expected === undefined ? nothing : broken('recovery-missing');
  const recovery = core.chain.openRecovery(bytes);
  if (recovery === undefined) return broken('recovery-invalid');
  if (!sameTip(recovery.base, parentTip)) return broken('recovery-of-another-base');
  if (block.term === parentTip.term) return broken('recovery-within-a-term');
  const { hash, generation, nodes } = recovery.configuration;
  if (expected !== undefined && !equalBytes(expected.hash, hash)) return broken('recovery-of-another-configuration');
  if (configuration === undefined || !equalBytes(configuration.hash, hash)) return broken('recovery-configuration');
  const before = statedConfiguration(core, parent);
  if (generation !== before.generation + 1) return broken('recovery-generation');
  if (nodes.some(({ id }) => before.nodes.some((former) => former.id === id))) return broken('recovery-key');
  core.configurations.learn(recovery.configuration);
  return { kind: 'founded', configuration: recovery.configuration };
}

/** Below the base there is no configuration left to lead under: such a node follows, and votes for whoever has the base. */
export function isBelowRecovery(core: Core, tip: Tip): boolean {
  const base = recoveryAhead(core)?.base;
  return base !== undefined && (tip.height < base.height || (tip.height === base.height && !sameTip(tip, base)));
}

/** Whether a certificate under this configuration is of a block that the applied recovery left behind. */
export function isAbandoned({ recovery }: Core, { generation }: Configuration, height: number): boolean {
  return recovery !== undefined && generation < recovery.configuration.generation && height > recovery.base.height;
}

function broken(reason: string): FoundedConfiguration {
  return { kind: 'broken', reason };
}
