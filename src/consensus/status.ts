import { configurationAtTip, removalHeight } from './configuration-lookup.ts';
import type { Core } from './core.ts';
import type { PeerStatus, RaftStatus } from './options.ts';
import { sealRefusal } from './proposing.ts';
import { withheldReason } from './roles.ts';

/** A snapshot of the node for operators, metrics and tests. */
export function statusOf(core: Core): RaftStatus {
  const withheld = withheldReason(core);
  const removedAt = removalHeight(core, core.nodeId);
  const refusedSeal = core.leadership && sealRefusal(core);
  return {
    role: withheld === 'contradicted' ? 'recovering' : withheld === 'not-a-voter' ? 'learner' : core.role,
    term: core.persistence.term,
    ...(core.leader !== undefined && { leader: core.leader }),
    tip: core.log.tip,
    durableTip: core.log.durableTip,
    committedHeight: core.emittedHeight,
    certifiedHeight: core.certifiedHeight,
    behindBlocks: Math.max(
      0,
      core.awaitedHeight - core.log.tip.height,
      (core.unplaced?.ack.height ?? 0) - core.log.tip.height,
      // A tail of a lower term may be longer than what is certified in its place.
      core.unplaced !== undefined && core.unplaced.ack.term > core.log.tip.term ? 1 : 0,
    ),
    areBlocksUnkept: core.unkeptHeight > core.log.tip.height,
    ...(withheld !== undefined && { withheld }),
    ...(core.tripwire.contradiction !== undefined && { contradiction: core.tripwire.contradiction }),
    ...(refusedSeal !== undefined && { sealRefusal: refusedSeal }),
    ...(core.leadership?.transfer && { transferTarget: core.leadership.transfer.target }),
    ...(core.refusal !== undefined && { refusal: core.refusal.reason }),
    ...(removedAt !== undefined && { removedAtHeight: removedAt }),
    configuration: configurationAtTip(core),
    peers: peersOf(core),
  };
}

function peersOf(core: Core): PeerStatus[] {
  return [...(core.leadership?.progress ?? [])].map(([nodeId, peer]) => ({
    nodeId,
    matchHeight: peer.matchHeight,
    nextHeight: peer.nextHeight,
    state: peer.state,
    inflightAppends: peer.inflightAppends,
    active: core.tick - peer.lastContactTick < core.parameters.electionTicks,
    ...(peer.clockOffsetMs !== undefined && { clockOffsetMs: peer.clockOffsetMs }),
    ...(peer.refusal !== undefined && { refusal: peer.refusal.reason }),
  }));
}
