import type { NodeId } from '../crypto/portable.ts';
import { highestAck, signNewAcks } from './acks.ts';
import { isCountable, isValidTermCertificate } from './block-rules.ts';
import { requestBranch } from './branch-fetch.ts';
import { learnCertificate, placeCertificates } from './certification.ts';
import type { Core } from './core.ts';
import { advance, contradictsCertified, drop, type StageOutcome, stageBlocks } from './growth.ts';
import { follow, send } from './roles.ts';
import type { BlockReference, Message, TermCertificate, Tip } from './types.ts';

type Append = Extract<Message, { type: 'append' }>;
type Heartbeat = Extract<Message, { type: 'heartbeat' }>;

type Admission =
  | { readonly kind: 'followed' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'certificate-needed' }
  /** The certificate counts under a configuration that is yet to be learned from the blocks. */
  | { readonly kind: 'configuration-needed' }
  | { readonly kind: 'invalid'; readonly reason: string };

export function handleAppend(core: Core, from: NodeId, append: Append): string | undefined {
  const admission = admitLeader(core, from, append.term, append.termCertificate);
  if (admission.kind === 'invalid') return admission.reason;
  if (admission.kind === 'stale') replyToAppend(core, from, append.sequence);
  if (admission.kind !== 'followed') return undefined;
  const { certificate, previous, blocks } = append;
  const invalid = certificate && learnCertificate(core, certificate);
  if (invalid !== undefined) return invalid;
  if (core.isInstalling) {
    replyToAppend(core, from, append.sequence);
    return undefined;
  }
  const outcome = stageBlocks(core, previous, blocks, append.term);
  if (outcome.kind === 'broken') refuse(core, outcome.block, outcome.reason);
  else if (outcome.kind === 'unknown-previous' && contradictsCertified(core, previous)) {
    refuse(core, previous, 'contradicts-a-certified-block');
  } else if (core.refusal !== undefined) keepOnlyCovered(core);
  advance(core);
  if (outcome.kind === 'unknown-previous') {
    replyToAppend(core, from, append.sequence, conflictHint(core, previous));
  } else if (isAnswerDue(core, append, outcome)) {
    replyToAppend(core, from, append.sequence);
  }
  return undefined;
}

export function handleHeartbeat(core: Core, from: NodeId, heartbeat: Heartbeat): string | undefined {
  const admission = admitLeader(core, from, heartbeat.term, heartbeat.termCertificate);
  if (admission.kind === 'invalid') return admission.reason;
  const isFollowed = admission.kind === 'followed';
  const invalid = isFollowed && heartbeat.certificate ? learnCertificate(core, heartbeat.certificate) : undefined;
  if (isFollowed) advance(core);
  const ack = isFollowed ? highestAck(core) : undefined;
  send(core, from, {
    type: 'heartbeat-reply',
    term: core.persistence.term,
    round: heartbeat.round,
    ...(ack && { ack }),
    durable: core.log.durableTip,
    committedHeight: core.certifiedHeight,
    clockMs: core.nowMs,
    ...(isFollowed && core.refusal && { refusal: core.refusal }),
    needsTermCertificate: admission.kind === 'certificate-needed' || admission.kind === 'configuration-needed',
  });
  return invalid;
}

/** Blocks became durable: tells the leader, with a signed ack for each of its own term. */
export function reportProgress(core: Core): void {
  const acks = signNewAcks(core);
  const leader = leaderOfTerm(core);
  if (leader === undefined) return;
  send(core, leader, {
    type: 'append-reply',
    term: core.persistence.term,
    sequence: 0,
    acks,
    durable: core.log.durableTip,
    ...(core.refusal && { refusal: core.refusal }),
  });
}

/** A block of the present leader is refused: it is dead to this node for its term, and hears why. */
export function refuse(core: Core, { height, hash }: Pick<BlockReference, 'height' | 'hash'>, reason: string): void {
  const leader = leaderOfTerm(core);
  if (leader === undefined) return;
  core.refusal ??= { height, hash, reason };
  keepOnlyCovered(core);
  replyToAppend(core, leader, 0);
}

/** Whom the certificate of the present term names, if it is another node, be it refused or not. */
function leaderOfTerm(core: Core): NodeId | undefined {
  const leader = core.termCertificate?.request.candidate;
  return leader === core.nodeId ? undefined : leader;
}

/** Of a refused leader's blocks only certified ones are taken, and those that may prove to be when more of them is here. */
function keepOnlyCovered(core: Core): void {
  placeCertificates(core);
  const { certificate, fork } = core.staging;
  if (fork === undefined) return;
  drop(core, 1 + Math.max(fork.height, certificate?.ack.height ?? 0, core.unplaced?.ack.height ?? 0));
}

/** Nobody follows a leader without its term certificate, and there is one leader a term. */
function admitLeader(core: Core, from: NodeId, term: number, certificate: TermCertificate | undefined): Admission {
  if (term < core.persistence.term) return { kind: 'stale' };
  if (certificate !== undefined && (certificate.request.term !== term || certificate.request.candidate !== from)) {
    return { kind: 'invalid', reason: 'the term certificate is of another' };
  }
  const known = term === core.persistence.term ? core.termCertificate : undefined;
  if (known !== undefined && known.request.candidate !== from) {
    // Two certificates of one term: whoever voted in both is named by the check.
    if (certificate !== undefined) isValidTermCertificate(core, certificate);
    return { kind: 'invalid', reason: 'the term has another leader' };
  }
  const proof = known ?? certificate;
  if (proof === undefined) return { kind: 'certificate-needed' };
  if (!isCountable(core, proof.request.configurationHash)) {
    requestBranch(core, from, proof.request.tip, true);
    return { kind: 'configuration-needed' };
  }
  if (known === undefined && !isValidTermCertificate(core, proof)) {
    return { kind: 'invalid', reason: 'the term certificate does not verify' };
  }
  // A refused leader is dead for its term: it stops no timer and no campaign.
  if (known === undefined || core.refusal === undefined) {
    const isFollowed = known !== undefined && core.leader === from && core.role === 'follower';
    if (!isFollowed || core.branchSource?.wantsConfiguration) follow(core, proof);
    core.leaderHeardTick = core.tick;
    core.timerStartTick = core.tick;
  }
  return { kind: 'followed' };
}

/** Blocks on their way to the disk are answered when they are there; what has no number not at all, the rest at once. */
function isAnswerDue(core: Core, append: Append, outcome: StageOutcome): boolean {
  if (append.sequence === 0) return false;
  const last = append.blocks.at(-1);
  if (last === undefined || outcome.kind !== 'taken') return true;
  if (last.height <= core.log.durableHeight && core.log.has(last.height, last.hash)) return true;
  // What waits for a certificate that is yet to come, or was not taken, must not fill the window meanwhile.
  const staged = core.staging.at(last.height);
  return !core.log.has(last.height, last.hash) && (staged === undefined || staged.state === 'waiting');
}

function replyToAppend(
  core: Core,
  to: NodeId,
  sequence: number,
  conflict?: { readonly hintTerm: number; readonly hintHeight: number },
): void {
  send(core, to, {
    type: 'append-reply',
    term: core.persistence.term,
    sequence,
    acks: [],
    durable: core.log.durableTip,
    ...(conflict && { conflict }),
    ...(core.refusal && { refusal: core.refusal }),
  });
}

/** The highest place where the chains can still agree: not above the previous block's term, never below what is certified. */
function conflictHint(core: Core, previous: Tip): { readonly hintTerm: number; readonly hintHeight: number } {
  const { log, staging, certifiedHeight } = core;
  const staged = staging.tip;
  if (staged !== undefined && staged.height < previous.height) {
    return { hintTerm: staged.term, hintHeight: staged.height };
  }
  let height = Math.min(log.tip.height, previous.height - 1);
  while (height > certifiedHeight && (log.at(height)?.term ?? 0) > previous.term) height -= 1;
  height = Math.max(height, Math.min(certifiedHeight, log.tip.height));
  return { hintTerm: log.tipAt(height)?.term ?? 0, hintHeight: height };
}
