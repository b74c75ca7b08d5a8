import { present } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import type { Core } from './core.ts';
import type { Leadership } from './leadership.ts';
import type { Progress } from './progress.ts';
import { send } from './roles.ts';
import { orderCampaign } from './transfer.ts';
import type { BlockReference } from './types.ts';

/** Sends what is due: the heartbeat round, and to every follower what its window allows. */
export function flush(core: Core, leadership: Leadership): void {
  if (leadership.roundDue) sendHeartbeats(core, leadership);
  for (const [nodeId, peer] of leadership.progress) replicate(core, leadership, nodeId, peer);
  orderCampaign(core, leadership);
}

/** The whole chain for a follower that accepts this leader; for one that refuses it, only what is certified. */
function sendableHeight(core: Core, peer: Progress): number {
  return peer.refusal === undefined ? core.log.tip.height : core.certifiedHeight;
}

function replicate(core: Core, leadership: Leadership, nodeId: NodeId, peer: Progress): void {
  const until = sendableHeight(core, peer);
  if (peer.state === 'probe') {
    if (!peer.probing) sendAppend(core, leadership, nodeId, peer, 0);
  } else {
    while (peer.nextHeight <= until && !peer.isWindowFull) sendAppend(core, leadership, nodeId, peer, until);
    const certificateHeight = core.certificate?.ack.height ?? 0;
    if (peer.probeDue && peer.nextHeight > peer.matchHeight + 1) sendAppend(core, leadership, nodeId, peer, 0);
    // On an idle chain certificates travel alone.
    else if (certificateHeight > peer.certificateHeight) sendCertificate(core, nodeId, peer);
  }
  peer.probeDue = false;
}

/** One append from the follower's next block on, up to a height and the bounds of a message. */
function sendAppend(core: Core, leadership: Leadership, nodeId: NodeId, peer: Progress, until: number): void {
  const previous = core.log.tipAt(peer.nextHeight - 1);
  // What was pruned would come from a snapshot.
  if (previous === undefined) return;
  const blocks: BlockReference[] = [];
  let bytes = 0;
  for (let height = peer.nextHeight; height <= until && blocks.length < core.limits.appendBlocksMax; height++) {
    const block = present(core.log.at(height), 'a block above a kept one is kept');
    if (blocks.length > 0 && bytes + block.byteLength > core.limits.appendBytesMax) break;
    blocks.push(block);
    bytes += block.byteLength;
  }
  const { certificate } = core;
  const sequence = peer.sent(previous.height + blocks.length, bytes);
  send(core, nodeId, {
    type: 'append',
    term: core.persistence.term,
    sequence,
    ...(!peer.hasTermCertificate && { termCertificate: leadership.termCertificate }),
    previous,
    blocks,
    ...(certificate && isNews(certificate.ack.height, peer) && { certificate }),
  });
  peer.certificateHeight = certificate?.ack.height ?? 0;
}

/** Nothing that needs an answer: if it is lost, the next heartbeat brings it again. */
function sendCertificate(core: Core, nodeId: NodeId, peer: Progress): void {
  const certificate = present(core.certificate, 'there is one that the follower has not seen');
  const previous = core.log.tipAt(peer.nextHeight - 1);
  if (previous === undefined) return;
  send(core, nodeId, { type: 'append', term: core.persistence.term, sequence: 0, previous, blocks: [], certificate });
  peer.certificateHeight = certificate.ack.height;
}

function sendHeartbeats(core: Core, leadership: Leadership): void {
  leadership.roundDue = false;
  leadership.round += 1;
  leadership.heartbeatTick = core.tick;
  const { certificate } = core;
  for (const [nodeId, peer] of leadership.progress) {
    send(core, nodeId, {
      type: 'heartbeat',
      term: core.persistence.term,
      round: leadership.round,
      ...(!peer.hasTermCertificate && { termCertificate: leadership.termCertificate }),
      ...(certificate && certificate.ack.height > peer.committedHeight && { certificate }),
    });
  }
}

/** Until the follower says that it has the certificate, a probe repeats it. */
function isNews(height: number, peer: Progress): boolean {
  return height > peer.certificateHeight || (peer.state === 'probe' && height > peer.committedHeight);
}
