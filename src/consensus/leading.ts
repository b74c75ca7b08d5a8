import { assert } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { countAck, witnessLateAcks } from './ack-counting.ts';
import { AckTally } from './ack-tally.ts';
import { admittedNodes, configurationAtTip, isVoter, removalHeight } from './configuration-lookup.ts';
import { countVoters, electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import type { Leadership } from './leadership.ts';
import { Progress } from './progress.ts';
import { confirmReads } from './reads.ts';
import { LeaderReads } from './reads-leader.ts';
import { becomeFollower, learnTerm, send } from './roles.ts';
import { bestTarget, expireTransfer } from './transfer.ts';
import type { Message, Refusal, TermCertificate, Tip } from './types.ts';

type AppendReply = Extract<Message, { type: 'append-reply' }>;
type HeartbeatReply = Extract<Message, { type: 'heartbeat-reply' }>;

export function becomeLeader(core: Core, termCertificate: TermCertificate): void {
  assert(core.role === 'candidate', 'a leader was a candidate');
  assert(core.staging.isEmpty, 'the claimed tip is all there is');
  core.role = 'leader';
  core.leader = core.nodeId;
  core.campaign = undefined;
  core.termCertificate = termCertificate;
  core.known.addTerm(termCertificate);
  core.persistence.keepTermCertificate(termCertificate);
  core.leadership = {
    termCertificate,
    progress: new Map(),
    tally: new AckTally(),
    reads: new LeaderReads(core.nodeId, core.limits.readsMax),
    round: 0,
    roundDue: true,
    heartbeatTick: core.tick,
    clockAgreedTick: core.tick,
    transfer: undefined,
  };
  followMembers(core, core.leadership);
}

/** Every node that has to hear of the chain gets its place; a removed one keeps it until it holds the proof. */
export function followMembers(core: Core, { progress }: Leadership): void {
  for (const nodeId of admittedNodes(core)) {
    if (nodeId !== core.nodeId && !progress.has(nodeId))
      progress.set(nodeId, new Progress(core.limits, core.log.tip.height + 1, core.tick));
  }
}

/**
 * A leader that is no voter any more, by a certified block, has done its part: it hands over to the voter that is
 * furthest and follows (Raft thesis §4.2.2).
 */
export function stepDownIfRemoved(core: Core, leadership: Leadership): void {
  if (isVoter(core, core.nodeId)) return;
  if (core.log.changeHeightAt(core.log.tip.height) > core.certifiedHeight) return;
  const target = bestTarget(core, leadership);
  if (target !== undefined) send(core, target, { type: 'campaign-now', term: core.persistence.term });
  becomeFollower(core, undefined);
}

/** Once a tick: heartbeats, and whether a majority is still there, accepts this leader, and has its time. */
export function tickLeader(core: Core, leadership: Leadership): void {
  if (core.tick - leadership.heartbeatTick >= core.parameters.heartbeatTicks) {
    leadership.roundDue = true;
    witnessLateAcks(core, leadership);
  }
  expireTransfer(core, leadership);
  const { electionTicks } = core.parameters;
  const { majority } = electorateOf(configurationAtTip(core));
  const isWilling = (peer: Progress): boolean =>
    core.tick - peer.lastContactTick < electionTicks && peer.refusal === undefined;
  if (countPeers(core, leadership, isWilling) < majority) {
    becomeFollower(core, undefined);
    return;
  }
  if (clocksAgree(core, leadership)) leadership.clockAgreedTick = core.tick;
  else if (core.tick - leadership.clockAgreedTick >= electionTicks) {
    becomeFollower(core, undefined);
    // Whoever has the right time goes first.
    core.timerTicks += 2 * electionTicks;
  }
}

/** Whether a majority's recent clock readings, its own included, are within the tolerance (protocol.md §4, "Time"). */
export function clocksAgree(core: Core, leadership: Leadership): boolean {
  const { clockToleranceMs, electionTicks } = core.parameters;
  const agreeing = countPeers(
    core,
    leadership,
    ({ clockOffsetMs, clockTick }) =>
      clockOffsetMs !== undefined &&
      core.tick - clockTick < electionTicks &&
      Math.abs(clockOffsetMs) <= clockToleranceMs,
  );
  return agreeing >= electorateOf(configurationAtTip(core)).majority;
}

export function handleAppendReply(core: Core, from: NodeId, reply: AppendReply): string | undefined {
  const peer = contact(core, from, reply.term);
  if (peer === undefined) return undefined;
  takeDurable(core, peer, reply.durable);
  const { conflict, sequence } = reply;
  if (conflict === undefined) peer.answered(sequence);
  else if (peer.isCurrent(sequence)) moveProbe(core, peer, conflict.hintTerm, conflict.hintHeight);
  if (reply.refusal !== undefined) takeRefusal(core, peer, reply.refusal);
  for (const ack of reply.acks) {
    const invalid = countAck(core, from, ack);
    if (invalid !== undefined) return invalid;
  }
  return undefined;
}

export function handleHeartbeatReply(core: Core, from: NodeId, reply: HeartbeatReply): string | undefined {
  const { leadership } = core;
  if (leadership !== undefined && reply.needsTermCertificate && reply.term <= core.persistence.term) {
    const peer = leadership.progress.get(from);
    if (peer !== undefined) peer.hasTermCertificate = false;
    return undefined;
  }
  const peer = contact(core, from, reply.term);
  if (peer === undefined || leadership === undefined) return undefined;
  const isNewRound = reply.round > peer.round && reply.round <= leadership.round;
  if (isNewRound) peer.round = reply.round;
  peer.committedHeight = reply.committedHeight;
  if (isDismissed(core, from, peer)) {
    leadership.progress.delete(from);
    core.dismissed.add(from);
    return undefined;
  }
  peer.clockOffsetMs = reply.clockMs - core.nowMs;
  peer.clockTick = core.tick;
  takeDurable(core, peer, reply.durable);
  if (isNewRound) resumeAfterLoss(peer, reply.durable.height);
  if (reply.refusal !== undefined) takeRefusal(core, peer, reply.refusal);
  const invalid = reply.ack && countAck(core, from, reply.ack);
  if (core.leadership !== undefined) confirmReads(core, core.leadership);
  return invalid;
}

/** Whether it is removed, and says that it holds the certificate of that. */
function isDismissed(core: Core, nodeId: NodeId, peer: Progress): boolean {
  const removedAt = removalHeight(core, nodeId);
  return removedAt !== undefined && peer.committedHeight >= removedAt;
}

/** A peer of this configuration answered in this term. Undefined when there is nothing to do with the answer. */
function contact(core: Core, from: NodeId, term: number): Progress | undefined {
  const peer = core.leadership?.progress.get(from);
  if (peer === undefined) return undefined;
  if (term > core.persistence.term) {
    learnTerm(core, term);
    return undefined;
  }
  if (term < core.persistence.term) return undefined;
  peer.lastContactTick = core.tick;
  peer.hasTermCertificate = true;
  return peer;
}

/** Unsigned, so it moves the window only; certificates come from acks. */
function takeDurable(core: Core, peer: Progress, durable: Tip): void {
  if (durable.height <= core.log.tip.height && core.log.has(durable.height, durable.hash)) {
    peer.matched(durable.height);
  }
}

function moveProbe(core: Core, peer: Progress, hintTerm: number, hintHeight: number): void {
  const scanMax = 256;
  let height = Math.min(hintHeight, core.log.tip.height);
  for (let step = 0; step < scanMax && height > 0; step++) {
    if ((core.log.tipAt(height)?.term ?? 0) <= hintTerm) break;
    height -= 1;
  }
  peer.becomeProbe(height + 1);
}

/** Compares two heartbeats' answers, an interval apart so that reordering alone explains nothing. */
function resumeAfterLoss(peer: Progress, durableHeight: number): void {
  if (durableHeight < peer.durableAtHeartbeat) peer.becomeProbe(durableHeight + 1);
  // No advance though blocks are out: something was lost, or the follower is slow.
  else if (peer.matchHeight === peer.matchAtHeartbeat) peer.probeDue = true;
  peer.probing = false;
  peer.matchAtHeartbeat = peer.matchHeight;
  peer.durableAtHeartbeat = durableHeight;
}

function takeRefusal(core: Core, peer: Progress, refusal: Refusal): void {
  if (peer.refusal === undefined) peer.becomeProbe(peer.matchHeight + 1);
  peer.refusal = refusal;
  const { leadership } = core;
  if (leadership === undefined) return;
  const accepting = countPeers(core, leadership, (other) => other.refusal === undefined);
  if (accepting < electorateOf(configurationAtTip(core)).majority) becomeFollower(core, undefined);
}

function countPeers(core: Core, leadership: Leadership, isCounted: (peer: Progress) => boolean): number {
  const counted = [core.nodeId];
  for (const [nodeId, peer] of leadership.progress) if (isCounted(peer)) counted.push(nodeId);
  return countVoters(electorateOf(configurationAtTip(core)), counted);
}
