import { present } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { termCertificateOf } from './block-rules.ts';
import { askForNews, requestBranch } from './branch-fetch.ts';
import { assembleTermCertificate } from './certificates.ts';
import { configurationAtClaim, configurationAtTip, isVoter } from './configuration-lookup.ts';
import { countVoters, electorateOf } from './configurations.ts';
import type { Campaign, Core } from './core.ts';
import { witnessVote } from './evidence.ts';
import { drop } from './growth.ts';
import { becomeLeader } from './leading.ts';
import { isBelowRecovery } from './recovery.ts';
import { enterTerm, isLeaderLive, learnTerm, mayVote, restartElectionTimer, send, withheldReason } from './roles.ts';
import { isValidVote } from './statement-checks.ts';
import { comparePlaces, sameRequest, voteMessage, voteRequestMessage } from './statements.ts';
import type { Message, VoteRequestStatement } from './types.ts';
import { isElectable } from './voting.ts';

type PreVoteRequest = Extract<Message, { type: 'pre-vote-request' }>;
type PreVoteReply = Extract<Message, { type: 'pre-vote-reply' }>;
type VoteReply = Extract<Message, { type: 'vote-reply' }>;
type CampaignNow = Extract<Message, { type: 'campaign-now' }>;
type VoteCampaign = Extract<Campaign, { stage: 'vote' }>;

/** The election timer ran out: asks whether a campaign could succeed, changing nobody's term (Raft thesis §9.6). */
export function startPreVote(core: Core): void {
  restartElectionTimer(core);
  core.leader = undefined;
  if (core.isInstalling) return;
  core.preVoteRound += 1;
  if (withheldReason(core) !== undefined || isBelowRecovery(core, core.log.tip)) {
    askForNews(core, core.preVoteRound);
    return;
  }
  core.role = 'pre-candidate';
  const term = core.persistence.term + 1;
  core.campaign = { stage: 'pre-vote', round: core.preVoteRound, term, grants: new Set([core.nodeId]) };
  askAgain(core);
  countPreVotes(core);
}

/** Sends the requests of the present campaign to whoever has not answered. */
export function askAgain(core: Core): void {
  const { campaign } = core;
  if (campaign === undefined) return;
  const { voters } = electorateOf(configurationAtTip(core));
  for (const voter of voters) {
    if (voter === core.nodeId) continue;
    if (campaign.stage === 'pre-vote') {
      const { term, round } = campaign;
      if (campaign.grants.has(voter)) continue;
      send(core, voter, { type: 'pre-vote-request', term, round, tip: core.log.tip });
    } else if (campaign.votes.has(core.nodeId) && !campaign.votes.has(voter) && !campaign.refusedBy.has(voter)) {
      sendVoteRequest(core, voter, campaign);
    }
  }
}

/** Grants when it would vote so, and no leader is alive to it. Its own term, vote and timer stay untouched. */
export function handlePreVoteRequest(core: Core, from: NodeId, request: PreVoteRequest): void {
  const granted =
    mayVote(core, configurationAtClaim(core, request.tip)) &&
    request.term > core.persistence.term &&
    isElectable(core, request.tip) &&
    !isLeaderLive(core);
  const term = granted ? request.term : core.persistence.term;
  send(core, from, { type: 'pre-vote-reply', term, round: request.round, granted, tip: core.log.tip });
}

/** To a node that is removed: the higher tip leads it to the blocks that say so. */
export function refusePreVote(core: Core, from: NodeId, { round }: PreVoteRequest): void {
  send(core, from, { type: 'pre-vote-reply', term: core.persistence.term, round, granted: false, tip: core.log.tip });
}

export function handlePreVoteReply(core: Core, from: NodeId, reply: PreVoteReply): void {
  const { campaign } = core;
  // A grant of an earlier round counts for nothing.
  if (campaign?.stage !== 'pre-vote' || campaign.round !== reply.round || !isVoter(core, from)) return;
  if (reply.granted) {
    if (reply.term !== campaign.term) return;
    campaign.grants.add(from);
    countPreVotes(core);
    return;
  }
  if (comparePlaces(reply.tip, core.log.tip) > 0) requestBranch(core, from, reply.tip);
  learnTerm(core, reply.term);
}

export function handleVoteReply(core: Core, from: NodeId, reply: VoteReply): string | undefined {
  const { campaign } = core;
  if (campaign?.stage !== 'vote' || !sameRequest(reply.statement, campaign.request)) return undefined;
  if (!isVoter(core, from) || campaign.votes.has(from)) return undefined;
  const { signature, statement } = reply;
  if (signature === undefined) {
    campaign.refusedBy.add(from);
    learnTerm(core, reply.term);
    return undefined;
  }
  if (!isValidVote(core, from, { statement, signature })) return 'the vote does not verify';
  witnessVote(core, from, { statement: campaign.request, signature });
  campaign.votes.set(from, signature);
  countVotes(core);
  return undefined;
}

/**
 * The leader that this node follows hands over: campaigns at once, without a round of PreVotes. From anybody else, or of
 * another term, it is stale or a lie, and means nothing.
 */
export function handleCampaignNow(core: Core, from: NodeId, order: CampaignNow): void {
  if (order.term !== core.persistence.term || from !== core.leader || core.role !== 'follower') return;
  if (core.refusal !== undefined || withheldReason(core) !== undefined || core.isInstalling) return;
  startCampaign(core, true);
}

/** The own vote counts, and the others are asked, once the promise would survive a crash. */
export function countOwnVote(core: Core): void {
  const { campaign } = core;
  if (campaign?.stage !== 'vote' || campaign.votes.has(core.nodeId)) return;
  if (!core.persistence.hasDurableVote(campaign.request)) return;
  campaign.votes.set(core.nodeId, core.signer.sign(voteMessage(core.ledgerId, campaign.request)));
  askAgain(core);
  countVotes(core);
}

function countPreVotes(core: Core): void {
  const { campaign } = core;
  if (campaign?.stage !== 'pre-vote') return;
  // The tip may have moved since, and with it who votes.
  if (withheldReason(core) !== undefined) return;
  const electorate = electorateOf(configurationAtTip(core));
  if (countVoters(electorate, campaign.grants) >= electorate.majority) startCampaign(core, false);
}

/** Promises the next term to itself, and asks for the others' votes as soon as that is durable. */
function startCampaign(core: Core, isOrdered: boolean): void {
  // What is not in the chain yet is no part of the claim, and a claimed tip does not move.
  drop(core, 0);
  const request: VoteRequestStatement = {
    term: core.persistence.term + 1,
    candidate: core.nodeId,
    tip: core.log.tip,
    configurationHash: configurationAtTip(core).hash,
  };
  core.persistence.campaign(request);
  enterTerm(core);
  core.role = 'candidate';
  restartElectionTimer(core);
  const signature = core.signer.sign(voteRequestMessage(core.ledgerId, request));
  core.campaign = { stage: 'vote', request, signature, isOrdered, votes: new Map(), refusedBy: new Set() };
}

function sendVoteRequest(core: Core, to: NodeId, { request, signature, isOrdered }: VoteCampaign): void {
  const { tip } = request;
  const order = isOrdered && ({ ordered: true } as const);
  const asked = { type: 'vote-request', statement: request, signature, ...order } as const;
  if (tip.height === 0) {
    send(core, to, asked);
    return;
  }
  // The claim was written in the same batch as the tip or a later one, so the tip is durable by now.
  const tipHeader = present(core.chain.signedHeader(tip.height), 'the header of the own tip is kept');
  const tipTermCertificate = present(termCertificateOf(core, tip), 'the certificate of the own tip is kept');
  send(core, to, { ...asked, tipHeader, tipTermCertificate });
}

function countVotes(core: Core): void {
  const { campaign } = core;
  if (campaign?.stage !== 'vote') return;
  const certificate = assembleTermCertificate(campaign.request, campaign.votes, configurationAtTip(core));
  if (certificate !== undefined) becomeLeader(core, certificate);
}
