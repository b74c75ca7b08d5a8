import { assert } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { configurationAtTip, isVoter } from './configuration-lookup.ts';
import type { Core } from './core.ts';
import { drop } from './growth.ts';
import type { WithheldReason } from './options.ts';
import { isTripwirePassed } from './tripwire.ts';
import type { Configuration, Message, TermCertificate } from './types.ts';

/** Why this node signs no vote, vote request or ack, and grants no PreVote; undefined when it may. */
export function withheldReason(core: Core): WithheldReason | undefined {
  if (core.tripwire.contradiction !== undefined) return 'contradicted';
  if (!isVoter(core, core.nodeId)) return 'not-a-voter';
  if (!isTripwirePassed(core, configurationAtTip(core))) return 'start-up';
  if (core.lostMark !== undefined) return 'mark-lost';
  return undefined;
}

/**
 * Whether this node may give votes and grants that count under this configuration. Also when it knows of no vote of its
 * own: it may not have heard yet that it has one, and whoever counts knows (Raft thesis §4.2.2).
 */
export function mayVote(core: Core, configuration: Configuration): boolean {
  return isTripwirePassed(core, configuration) && core.lostMark === undefined;
}

/** Sends a message that states the present term or vote: not before they are durable. */
export function send(core: Core, to: NodeId, message: Message): void {
  const { promiseToken } = core.persistence;
  if (core.persistence.isSynced(promiseToken)) core.effects.send(to, message);
  else core.effects.sendAfter(promiseToken, to, message);
}

/** Draws a new election timeout and starts it. */
export function restartElectionTimer(core: Core): void {
  core.timerStartTick = core.tick;
  core.timerTicks = core.parameters.electionTicks + core.random.below(core.parameters.electionTicks);
}

/** Gives up any office. The term stays; what it led or asked for in this term it never leads or asks for again. */
export function becomeFollower(core: Core, leader: NodeId | undefined): void {
  if (core.leadership !== undefined) {
    for (const context of core.leadership.reads.abandonOwn()) core.effects.reads.push({ context });
  }
  if (leader !== core.leader) failForwardedReads(core);
  core.role = 'follower';
  core.leader = leader;
  core.campaign = undefined;
  core.leadership = undefined;
  restartElectionTimer(core);
}

/** Promises a higher term: no older leader is followed, and no vote is given in it yet. */
export function adoptTerm(core: Core, term: number): void {
  assert(term > core.persistence.term, 'terms only rise');
  core.persistence.adoptTerm(term);
  enterTerm(core);
  becomeFollower(core, undefined);
}

/** Forgets what belonged to the term before. */
export function enterTerm(core: Core): void {
  core.effects.dropStatements();
  core.termCertificate = undefined;
  core.refusal = undefined;
  core.leader = undefined;
}

/** Adopts a term that a peer states without proof. One message raises it by a bound only: terms cannot be used up. */
export function learnTerm(core: Core, term: number): void {
  const reachable = Math.min(term, core.persistence.term + core.limits.termLeapMax);
  if (reachable > core.persistence.term) adoptTerm(core, reachable);
}

/** Follows the leader that a verified certificate names. */
export function follow(core: Core, certificate: TermCertificate): void {
  const { term, candidate } = certificate.request;
  if (term > core.persistence.term) adoptTerm(core, term);
  if (core.termCertificate === undefined || core.branchSource?.wantsConfiguration) {
    // What an earlier leader sent, or another node for its configurations, is no matter between this one and the node.
    drop(core, 0);
    core.awaitedHeight = 0;
    core.branchSource = undefined;
  }
  if (core.termCertificate === undefined) {
    core.termCertificate = certificate;
    core.persistence.keepTermCertificate(certificate);
  }
  becomeFollower(core, candidate);
}

/** Whether a leader that this node does not refuse was heard within the election timeout, or is this node. */
export function isLeaderLive(core: Core): boolean {
  if (core.role === 'leader') return true;
  return core.refusal === undefined && core.tick - core.leaderHeardTick < core.parameters.electionTicks;
}

function failForwardedReads(core: Core): void {
  for (const context of core.forwardedReads.abandon()) core.effects.reads.push({ context });
}
