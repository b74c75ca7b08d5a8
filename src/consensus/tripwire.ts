import { equalBytes } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { configurationAtTip } from './configuration-lookup.ts';
import { electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import { becomeFollower } from './roles.ts';
import { isValidAck, isValidVote, isValidVoteRequest } from './statement-checks.ts';
import { comparePlaces, sameAck, sameRequest } from './statements.ts';
import type { HardState, Message } from './types.ts';

type NonceReply = Extract<Message, { type: 'nonce-reply' }>;

/** Where a node stands with the question "what have you durably seen from my key?" (protocol.md §5). */
export class Tripwire {
  /** What the disk said at the start. Nothing is signed until a majority has answered, so it stays comparable. */
  readonly atStart: HardState;
  readonly nonce: Uint8Array;
  readonly answeredBy: Set<NodeId> = new Set<NodeId>();
  isPassed = false;
  /** What a peer holds and this disk does not, in words. Final. */
  contradiction: string | undefined;

  constructor(atStart: HardState, nonce: Uint8Array) {
    this.atStart = atStart;
    this.nonce = nonce;
  }
}

/** Asks every voter that has not answered, and passes at once where the node itself is a majority. */
export function askNonces(core: Core): void {
  const { tripwire } = core;
  if (tripwire.isPassed || tripwire.contradiction !== undefined) return;
  const electorate = electorateOf(configurationAtTip(core));
  for (const voter of electorate.voters) {
    if (voter === core.nodeId || tripwire.answeredBy.has(voter)) continue;
    core.effects.send(voter, { type: 'nonce-request', nonce: tripwire.nonce });
  }
  countAnswers(core);
}

export function handleNonceRequest(core: Core, from: NodeId, nonce: Uint8Array): void {
  const held = core.promises.durable(from);
  core.effects.send(from, {
    type: 'nonce-reply',
    nonce,
    ...(held?.ack && { ack: held.ack }),
    ...(held?.vote && { vote: held.vote }),
    ...(held?.voteRequest && { voteRequest: held.voteRequest }),
  });
}

/** Answers why the reply is invalid, or undefined. */
export function handleNonceReply(core: Core, from: NodeId, reply: NonceReply): string | undefined {
  const { tripwire } = core;
  if (!equalBytes(reply.nonce, tripwire.nonce) || tripwire.answeredBy.has(from)) return undefined;
  if (!electorateOf(configurationAtTip(core)).voters.has(from)) return undefined;
  const { ack, vote, voteRequest } = reply;
  if (ack !== undefined && !isValidAck(core, core.nodeId, ack)) return 'the ack held is not signed by this node';
  if (vote !== undefined && !isValidVote(core, core.nodeId, vote)) return 'the vote held is not signed by this node';
  if (voteRequest !== undefined && !isValidVoteRequest(core, core.nodeId, voteRequest)) {
    return 'the vote request held is not signed by this node';
  }
  // A late answer is compared with what was signed meanwhile, too.
  const own = tripwire.isPassed ? core.persistence.hardState : tripwire.atStart;
  tripwire.contradiction ??= contradictionIn(own, reply, from);
  // Whatever it leads or asks for ends before anything more is signed.
  if (tripwire.contradiction !== undefined && core.role !== 'follower') becomeFollower(core, undefined);
  tripwire.answeredBy.add(from);
  countAnswers(core);
  return undefined;
}

function countAnswers(core: Core): void {
  const { tripwire } = core;
  const { voters, majority } = electorateOf(configurationAtTip(core));
  const answers = tripwire.answeredBy.size + (voters.has(core.nodeId) ? 1 : 0);
  if (answers >= majority && tripwire.contradiction === undefined) tripwire.isPassed = true;
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
