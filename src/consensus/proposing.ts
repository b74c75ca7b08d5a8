import { assert, equalBytes } from '../base/index.ts';
import { encodeJustification } from './certificate-codec.ts';
import { configurationAtTip, recoveryAhead } from './configuration-lookup.ts';
import { type ConfigurationStep, electorateOf, stepBetween } from './configurations.ts';
import type { Core } from './core.ts';
import { clocksAgree, followMembers } from './leading.ts';
import type { SealRefusal } from './options.ts';
import type { Progress } from './progress.ts';
import { askNonces } from './tripwire.ts';
import type { BlockReference, Justification, ProposalSlot } from './types.ts';

/** Why this node seals nothing now; undefined when it may. */
export function sealRefusal(core: Core): SealRefusal | undefined {
  const { leadership, log, limits } = core;
  if (leadership === undefined) return 'not-leader';
  if (!clocksAgree(core, leadership)) return 'clock-fault';
  if (leadership.transfer !== undefined) return 'transfer-under-way';
  if (isFirstOfTerm(core)) return undefined;
  const isFull =
    log.tip.height - core.certifiedHeight >= limits.uncertifiedBlocksMax ||
    log.bytesAbove(core.certifiedHeight) >= limits.uncertifiedBytesMax;
  return isFull ? 'uncertified-tail-full' : undefined;
}

export function proposalSlot(core: Core): ProposalSlot | undefined {
  if (sealRefusal(core) !== undefined) return undefined;
  return {
    term: core.persistence.term,
    parent: core.log.tip,
    justification: nextJustification(core),
    nowMs: core.nowMs,
    mandatory: isFirstOfTerm(core),
    mayChange: mayChange(core),
  };
}

/**
 * The rule of checkConfiguration, from the leader's side: a block of its own term is certified, and with it every earlier
 * change.
 */
function mayChange({ certificate, persistence, log }: Core): boolean {
  if (certificate?.ack.term !== persistence.term) return false;
  return certificate.ack.height >= log.changeHeightAt(log.tip.height);
}

/** No step is taken that would leave the ledger without a majority that answers, or with a voter that is behind. */
export function mayEnact(core: Core, { step, nodeId }: ConfigurationStep): boolean {
  const { leadership } = core;
  if (leadership === undefined) return false;
  if (step === 'add') return true;
  const { voters } = electorateOf(configurationAtTip(core));
  const after = new Set(voters);
  if (step === 'promote') {
    const peer = leadership.progress.get(nodeId);
    if (peer === undefined || !isActive(core, peer)) return false;
    if (core.certifiedHeight - peer.matchHeight > core.limits.promotionLagBlocksMax) return false;
    // It has to know, also after a restart, who the others are.
    if (peer.matchHeight < core.log.changeHeightAt(core.log.tip.height)) return false;
    after.add(nodeId);
  } else after.delete(nodeId);
  const answering = [...leadership.progress].filter(([id, peer]) => after.has(id) && isActive(core, peer)).length;
  return answering + (after.has(core.nodeId) ? 1 : 0) > after.size / 2;
}

function isActive(core: Core, peer: Progress): boolean {
  return peer.hasTermCertificate && core.tick - peer.lastContactTick < core.parameters.electionTicks;
}

/** Takes the leader's own sealed and executed block, or answers false when the slot it was sealed for is gone. */
export function propose(core: Core, block: BlockReference): boolean {
  const slot = proposalSlot(core);
  if (slot === undefined || block.term !== slot.term || !equalBytes(block.parentHash, slot.parent.hash)) return false;
  if (!sameJustification(block.justification, slot.justification)) return false;
  assert(block.height === slot.parent.height + 1 && block.proposer === core.nodeId, 'a leader seals its own blocks');
  const { configuration } = block.justification;
  const before = configurationAtTip(core);
  if (configuration === undefined) {
    assert(equalBytes(block.configurationHash, before.hash), 'a configuration changes by a block that says so');
  } else {
    const isFounded = block.justification.recovery !== undefined && equalBytes(configuration.hash, before.hash);
    assert(isFounded || slot.mayChange, 'a leader changes the configuration when it may');
    assert(isFounded || stepBetween(before, configuration) !== undefined, 'a configuration changes by one step');
    core.configurations.learn(configuration);
  }
  core.log.append(block);
  core.persistence.append(block);
  if (configuration !== undefined && core.leadership !== undefined) {
    followMembers(core, core.leadership);
    askNonces(core);
  }
  return true;
}

function sameJustification(left: Justification, right: Justification): boolean {
  if (left.block === right.block && left.term === right.term) return true;
  const [one, other] = [left, right].map(({ configuration: _, ...certificates }) => encodeJustification(certificates));
  return one !== undefined && other !== undefined && equalBytes(one, other);
}

/** Until its first block is in the chain, the term has none: no other node can lead it. */
function isFirstOfTerm(core: Core): boolean {
  return core.log.tip.term < core.persistence.term;
}

/** The newest certificate of an ancestor, and the right to lead in a term's first block. */
function nextJustification(core: Core): Justification {
  const recovery = recoveryAhead(core);
  return {
    ...(core.certificate && { block: core.certificate }),
    ...(isFirstOfTerm(core) && core.termCertificate && { term: core.termCertificate }),
    // A leader that has not passed the base stands on it.
    ...(recovery && { recovery: recovery.bytes }),
  };
}
