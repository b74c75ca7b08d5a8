import type { NodeId } from '../crypto/portable.ts';
import { configurationAtTip } from './configuration-lookup.ts';
import { electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import type { Leadership } from './leadership.ts';
import { send } from './roles.ts';
import type { Message } from './types.ts';

type ReadIndexReply = Extract<Message, { type: 'read-index-reply' }>;

/** A linearizable read of this node's own: the leader's commit height, or none when no leader is known or there is no room. */
export function readIndex(core: Core, context: number): void {
  if (core.leadership !== undefined) {
    addRead(core, core.leadership, core.nodeId, context);
  } else if (core.leader !== undefined && core.forwardedReads.add(context, core.tick)) {
    send(core, core.leader, { type: 'read-index-request', context });
  } else {
    core.effects.reads.push({ context });
  }
}

export function handleReadIndexRequest(core: Core, from: NodeId, context: number): void {
  if (core.leadership !== undefined) addRead(core, core.leadership, from, context);
  else send(core, from, { type: 'read-index-reply', context });
}

export function handleReadIndexReply(core: Core, from: NodeId, reply: ReadIndexReply): void {
  if (from !== core.leader || !core.forwardedReads.take(reply.context)) return;
  const { context, height } = reply;
  core.effects.reads.push({ context, ...(height !== undefined && { height }) });
}

/** Reads whose leader does not answer are given up after an election timeout. */
export function expireForwardedReads(core: Core): void {
  for (const context of core.forwardedReads.takeUntil(core.tick - core.parameters.electionTicks)) {
    core.effects.reads.push({ context });
  }
}

/** The first certificate of the own term came: only now is the own commit height known to be the newest (Raft §8). */
export function startWaitingReads(core: Core, leadership: Leadership): void {
  if (leadership.reads.start(core.certifiedHeight, leadership.round + 1)) {
    confirmReads(core, leadership);
    if (leadership.reads.needsRoundAfter(leadership.round)) leadership.roundDue = true;
  }
}

/** Answers the reads that a majority has confirmed. */
export function confirmReads(core: Core, leadership: Leadership): void {
  const confirmed = leadership.reads.confirm((from) => confirmedRound(core, leadership, from));
  for (const { from, context, height } of confirmed) answer(core, from, context, height);
}

function addRead(core: Core, leadership: Leadership, from: NodeId, context: number): void {
  const isReady = core.certificate?.ack.term === core.persistence.term;
  const height = isReady ? core.certifiedHeight : undefined;
  // The next round leaves after this moment; the present one may have been answered before it.
  if (!leadership.reads.add({ from, context, height, round: leadership.round + 1 })) {
    answer(core, from, context, undefined);
    return;
  }
  confirmReads(core, leadership);
  if (leadership.reads.needsRoundAfter(leadership.round)) leadership.roundDue = true;
}

/**
 * The highest round that a majority, this node and who asks included, has answered. Whoever asks need not be heard again:
 * a node asks the leader of its own term only, and terms only rise, so when the read began it had voted in none that is
 * later than this leader's.
 */
function confirmedRound(core: Core, leadership: Leadership, asker: NodeId): number {
  const { voters, majority } = electorateOf(configurationAtTip(core));
  const rounds: number[] = [];
  for (const [nodeId, peer] of leadership.progress) {
    if (voters.has(nodeId)) rounds.push(nodeId === asker ? Number.POSITIVE_INFINITY : peer.round);
  }
  if (voters.has(core.nodeId)) rounds.push(Number.POSITIVE_INFINITY);
  rounds.sort((left, right) => right - left);
  return rounds[majority - 1] ?? 0;
}

function answer(core: Core, from: NodeId, context: number, height: number | undefined): void {
  if (from === core.nodeId) core.effects.reads.push({ context, ...(height !== undefined && { height }) });
  else send(core, from, { type: 'read-index-reply', context, ...(height !== undefined && { height }) });
}
