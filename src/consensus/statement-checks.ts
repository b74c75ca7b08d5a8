import type { NodeId } from '../crypto/portable.ts';
import type { Core } from './core.ts';
import { ackMessage, publicKeyOf, voteMessage, voteRequestMessage } from './statements.ts';
import type { SignedAck, SignedVote, SignedVoteRequest } from './types.ts';

/** Signatures of single statements, under this ledger's id and the signer's own key. */
export function isValidAck(core: Core, signer: NodeId, { statement, signature }: SignedAck): boolean {
  return core.verify(publicKeyOf(signer), ackMessage(core.ledgerId, statement), signature);
}

export function isValidVote(core: Core, signer: NodeId, { statement, signature }: SignedVote): boolean {
  return core.verify(publicKeyOf(signer), voteMessage(core.ledgerId, statement), signature);
}

export function isValidVoteRequest(core: Core, signer: NodeId, { statement, signature }: SignedVoteRequest): boolean {
  return core.verify(publicKeyOf(signer), voteRequestMessage(core.ledgerId, statement), signature);
}
