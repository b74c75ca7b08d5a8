import { assert, equalBytes } from '../base/index.ts';
import { encodeJustification } from './certificate-codec.ts';
import { configurationAtTip } from './configuration-lookup.ts';
import type { Core } from './core.ts';
import { clocksAgree } from './leading.ts';
import type { SealRefusal } from './options.ts';
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
  };
}

/** Takes the leader's own sealed and executed block, or answers false when the slot it was sealed for is gone. */
export function propose(core: Core, block: BlockReference): boolean {
  const slot = proposalSlot(core);
  if (slot === undefined || block.term !== slot.term || !equalBytes(block.parentHash, slot.parent.hash)) return false;
  if (!sameJustification(block.justification, slot.justification)) return false;
  assert(block.height === slot.parent.height + 1 && block.proposer === core.nodeId, 'a leader seals its own blocks');
  assert(equalBytes(block.configurationHash, configurationAtTip(core).hash), 'the configuration is fixed');
  core.log.append(block);
  core.persistence.append(block);
  return true;
}

function sameJustification(left: Justification, right: Justification): boolean {
  if (left.block === right.block && left.term === right.term) return true;
  return equalBytes(encodeJustification(left), encodeJustification(right));
}

/** Until its first block is in the chain, the term has none: no other node can lead it. */
function isFirstOfTerm(core: Core): boolean {
  return core.log.tip.term < core.persistence.term;
}

/** The newest certificate of an ancestor, and the right to lead in a term's first block. */
function nextJustification(core: Core): Justification {
  return {
    ...(core.certificate && { block: core.certificate }),
    ...(isFirstOfTerm(core) && core.termCertificate && { term: core.termCertificate }),
  };
}
