import { assert, equalBytes } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { isCountable, isValidTermCertificate } from './block-rules.ts';
import { requestBranch } from './branch-fetch.ts';
import { configurationAfter, configurationAtTip, configurationOf } from './configuration-lookup.ts';
import { electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import { witnessVoteRequest } from './evidence.ts';
import { contradictsCertified } from './growth.ts';
import { isBelowRecovery } from './recovery.ts';
import { becomeFollower, enterTerm, isLeaderLive, learnTerm, mayVote, send } from './roles.ts';
import { isValidVoteRequest } from './statement-checks.ts';
import { comparePlaces, sameRequest, voteMessage } from './statements.ts';
import type { BlockReference, Hash, Message, Tip, VoteRequestStatement } from './types.ts';

type VoteRequest = Extract<Message, { type: 'vote-request' }>;

/** Votes for at most one request a term, and only for a tip that is proved and not below its own (Raft §5.2, §5.4.1). */
export function handleVoteRequest(core: Core, from: NodeId, request: VoteRequest): string | undefined {
  const { statement, signature, ordered } = request;
  const configuration = configurationOf(core, statement.configurationHash);
  const isVoter = configuration === undefined || electorateOf(configuration).voters.has(from);
  if (statement.candidate !== from || !isVoter) return 'no voter asks for itself';
  const rival = core.promises.latest(from)?.voteRequest?.statement;
  const isRival = rival !== undefined && rival.term === statement.term && !sameRequest(rival, statement);
  // The signature is the expensive part: whoever is refused anyway is refused before it, unless it may be proof.
  const refused = mustRefuse(core, statement, ordered === true);
  if (refused && !isRival) {
    refuse(core, from, statement);
    return undefined;
  }
  if (!isValidVoteRequest(core, from, { statement, signature })) return 'the vote request does not verify';
  witnessVoteRequest(core, from, { statement, signature });
  if (refused) {
    refuse(core, from, statement);
    return undefined;
  }
  const { tipTermCertificate } = request;
  if (tipTermCertificate !== undefined && !isTipHere(core, statement)) {
    const { configurationHash } = tipTermCertificate.request;
    if (!isCountable(core, configurationHash)) {
      // Its blocks say which configuration that is; it asks again meanwhile.
      requestBranch(core, from, statement.tip, true);
      refuse(core, from, statement);
      return undefined;
    }
  }
  const invalid = checkTip(core, request);
  if (invalid !== undefined) return invalid;
  if (statement.term > core.persistence.term + core.limits.termLeapMax) {
    // One key's word raises the term by a bound only; a candidate so far ahead asks again in its next term.
    learnTerm(core, statement.term);
    refuse(core, from, statement);
    return undefined;
  }
  grant(core, from, statement);
  return undefined;
}

function mustRefuse(core: Core, statement: VoteRequestStatement, isOrdered: boolean): boolean {
  const { term, vote } = core.persistence.hardState;
  const configuration = configurationOf(core, statement.configurationHash) ?? configurationAtTip(core);
  if (!mayVote(core, configuration) || statement.term < term) return true;
  // The same tuple again is the same vote again, whatever happened since; any other is refused for good.
  if (statement.term === term && vote !== undefined) return !sameRequest(vote, statement);
  // A live leader protects its term from disturbance, not the chain: one that hands over needs no protection.
  return (isLeaderLive(core) && !isOrdered) || !isElectable(core, statement.tip);
}

/** Whether a leader with this tip would lack nothing that this node must not lose (Raft §5.4.1). */
export function isElectable(core: Core, tip: Tip): boolean {
  return comparePlaces(tip, core.log.tip) >= 0 && !isBelowRecovery(core, tip) && !contradictsCertified(core, tip);
}

/** The claimed tip exists: its header is signed by the leader whom its term's certificate names. */
function checkTip(core: Core, { statement, tipHeader, tipTermCertificate }: VoteRequest): string | undefined {
  const { tip } = statement;
  if (isTipHere(core, statement)) {
    const { hash } = configurationAfter(core, core.log.at(tip.height));
    return equalBytes(hash, statement.configurationHash) ? undefined : 'the configuration is not that of the tip';
  }
  if (tip.height === 0) return 'the tip is no tip';
  if (tipHeader === undefined || tipTermCertificate === undefined) return 'the tip is not proved';
  const header = core.chain.openHeader(tipHeader);
  if (
    header === undefined ||
    header.height !== tip.height ||
    header.term !== tip.term ||
    !equalBytes(header.hash, tip.hash) ||
    !equalBytes(configurationHashAfter(core, header), statement.configurationHash)
  ) {
    return 'the header is not that of the tip';
  }
  const { request } = tipTermCertificate;
  if (request.term !== tip.term || request.candidate !== header.proposer) return 'the term is not that of the tip';
  if (request.tip.height >= tip.height || comparePlaces(request.tip, tip) >= 0) return 'the tip is below its own claim';
  return isValidTermCertificate(core, tipTermCertificate) ? undefined : "the tip's term certificate does not verify";
}

/** What counts on this header's block: what it names, but on the base of a recovery. */
function configurationHashAfter({ recovery }: Core, { hash, configurationHash }: BlockReference): Hash {
  const isBase = recovery !== undefined && equalBytes(recovery.base.hash, hash);
  return isBase ? recovery.configuration.hash : configurationHash;
}

function isTipHere(core: Core, { tip }: VoteRequestStatement): boolean {
  return core.log.has(tip.height, tip.hash) && (core.log.tipAt(tip.height)?.term ?? 0) === tip.term;
}

function grant(core: Core, from: NodeId, statement: VoteRequestStatement): void {
  const { term, vote } = core.persistence.hardState;
  if (statement.term > term || vote === undefined) {
    assert(statement.term >= term, 'no vote in a past term');
    core.persistence.vote(statement);
    if (statement.term > term) enterTerm(core);
    becomeFollower(core, undefined);
  }
  const { ledgerId, log, signer } = core;
  const signature = signer.sign(voteMessage(ledgerId, statement));
  send(core, from, { type: 'vote-reply', term: core.persistence.term, statement, signature, tip: log.tip });
}

function refuse(core: Core, from: NodeId, statement: VoteRequestStatement): void {
  send(core, from, { type: 'vote-reply', term: core.persistence.term, statement, tip: core.log.tip });
}
