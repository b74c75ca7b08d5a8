import type { NodeId } from '../crypto/portable.ts';
import { configurationAtTip } from './configuration-lookup.ts';
import { electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import type { Leadership } from './leadership.ts';
import type { TransferAnswer } from './options.ts';
import { send } from './roles.ts';

/**
 * Starts to hand the leadership to a voter (Raft thesis §3.10): until it is over this leader seals nothing, so that the
 * target can reach its tip. Without a target: the voter with the highest durable tip that answered lately.
 */
export function transferLeadership(core: Core, to: NodeId | undefined): TransferAnswer {
  const { leadership } = core;
  if (leadership === undefined) return { started: false, reason: 'not-leader' };
  if (leadership.transfer !== undefined) return { started: false, reason: 'under-way' };
  const { keys, voters } = electorateOf(configurationAtTip(core));
  if (to === core.nodeId) return { started: false, reason: 'self' };
  if (to !== undefined && !keys.has(to)) return { started: false, reason: 'unknown-node' };
  if (to !== undefined && !voters.has(to)) return { started: false, reason: 'learner' };
  const target = to ?? bestTarget(core, leadership);
  if (target === undefined) return { started: false, reason: 'no-target' };
  leadership.transfer = { target, startTick: core.tick, orderTick: undefined };
  return { started: true, target };
}

/**
 * Tells the target to campaign, once it says that all of this leader's chain is durable there, and again with each
 * heartbeat: the order can be lost, and a second one finds the target in a later term.
 */
export function orderCampaign(core: Core, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer === undefined || !isCaughtUp(core, leadership, transfer.target)) return;
  const { orderTick } = transfer;
  if (orderTick !== undefined && core.tick - orderTick < core.parameters.heartbeatTicks) return;
  transfer.orderTick = core.tick;
  send(core, transfer.target, { type: 'campaign-now', term: core.persistence.term });
}

/** A target that has not taken over within one election timeout is given up: this leader goes on. */
export function expireTransfer(core: Core, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer !== undefined && core.tick - transfer.startTick >= core.parameters.electionTicks) {
    leadership.transfer = undefined;
  }
}

function isCaughtUp(core: Core, { progress }: Leadership, target: NodeId): boolean {
  const peer = progress.get(target);
  return peer?.hasTermCertificate === true && peer.matchHeight >= core.log.tip.height;
}

/** The furthest, or latest heard, of those that answered in this term within an election timeout and accept this leader. */
export function bestTarget(core: Core, { progress }: Leadership): NodeId | undefined {
  const { voters } = electorateOf(configurationAtTip(core));
  const candidates = [...progress].filter(
    ([nodeId, peer]) =>
      voters.has(nodeId) &&
      peer.hasTermCertificate &&
      peer.refusal === undefined &&
      core.tick - peer.lastContactTick < core.parameters.electionTicks,
  );
  candidates.sort(
    ([, left], [, right]) => right.matchHeight - left.matchHeight || right.lastContactTick - left.lastContactTick,
  );
  return candidates[0]?.[0];
}
