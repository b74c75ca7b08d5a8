import { equalBytes } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import type { Core } from './core.ts';
import { becomeFollower } from './roles.ts';
import { isValidAck, isValidVote, isValidVoteRequest } from './statement-checks.ts';
import { comparePlaces, sameAck, sameRequest } from './statements.ts';
import type { Tripwire } from './tripwire.ts';
import type { AckStatement, HardState, Message } from './types.ts';

type NonceReply = Extract<Message, { type: 'nonce-reply' }>;

/** Answers why the reply is invalid, or undefined. */
export function handleNonceReply(core: Core, from: NodeId, reply: NonceReply): string | undefined {
  const { tripwire } = core;
  if (!equalBytes(reply.nonce, tripwire.nonce) || tripwire.answeredBy.has(from)) return undefined;
  const { ack, vote, voteRequest } = reply;
  if (ack !== undefined && !isValidAck(core, core.nodeId, ack)) return 'the ack held is not signed by this node';
  if (vote !== undefined && !isValidVote(core, core.nodeId, vote)) return 'the vote held is not signed by this node';
  if (voteRequest !== undefined && !isValidVoteRequest(core, core.nodeId, voteRequest)) {
    return 'the vote request held is not signed by this node';
  }
  // A late answer is compared with what was signed meanwhile, too.
  const own = tripwire.passedUnder !== undefined ? core.persistence.hardState : tripwire.atStart;
  tripwire.contradiction ??= contradictionIn(own, reply, from) ?? lostAck(tripwire, ack?.statement, from);
  // Whatever it leads or asks for ends before anything more is signed.
  if (tripwire.contradiction !== undefined && core.role !== 'follower') becomeFollower(core, undefined);
  tripwire.answeredBy.add(from);
  return undefined;
}

/** An ack above what the disk held at the start and below the first one since: also when the chain has passed it by now. */
function lostAck(tripwire: Tripwire, held: AckStatement | undefined, from: NodeId): string | undefined {
  const { atStart, firstAck } = tripwire;
  if (held === undefined || firstAck === undefined || comparePlaces(held, firstAck) >= 0) return undefined;
  const isKept = atStart.ack !== undefined && comparePlaces(held, atStart.ack) <= 0;
  return isKept ? undefined : `${from} holds an ack of this key at (${held.term}, ${held.height})`;
}

function contradictionIn(own: HardState, { ack, vote, voteRequest }: NonceReply, from: NodeId): string | undefined {
  if (ack !== undefined) {
    const { statement } = ack;
    const order = own.ack === undefined ? 1 : comparePlaces(statement, own.ack);
    const differs = order === 0 && own.ack !== undefined && !sameAck(statement, own.ack);
    if (order > 0 || differs) return `${from} holds an ack of this key at (${statement.term}, ${statement.height})`;
  }
  if (vote !== undefined && isUnknownRequest(vote.statement, own.vote, own.term)) {
    return `${from} holds a vote of this key in term ${vote.statement.term}`;
  }
  if (voteRequest !== undefined && isUnknownRequest(voteRequest.statement, own.voteRequest, own.term)) {
    return `${from} holds a vote request of this key in term ${voteRequest.statement.term}`;
  }
  return undefined;
}

/** What lies in an earlier term than the node's own was forgotten rightly: the disk keeps the highest only. */
function isUnknownRequest(
  held: NonNullable<HardState['vote']>,
  own: HardState['vote'] | undefined,
  ownTerm: number,
): boolean {
  if (held.term !== ownTerm) return held.term > ownTerm;
  return own === undefined || !sameRequest(held, own);
}
