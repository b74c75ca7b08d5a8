import { concatBytes, equalBytes } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { encodeJustification, encodeTermCertificate } from './certificate-codec.ts';
import type { Core } from './core.ts';
import { comparePlaces, encodeAck, encodeVoteRequest, sameAck, sameRequest } from './statements.ts';
import type {
  BlockCertificate,
  BlockReference,
  Evidence,
  SignedAck,
  SignedVote,
  SignedVoteRequest,
  TermCertificate,
} from './types.ts';

/**
 * Every verified statement of another key passes here once: it is compared with the highest ones known of that key
 * (protocol.md §5, "Evidence", i to v), then remembered. No honest node makes two statements that these rules match.
 */
export function witnessAck(core: Core, signer: NodeId, ack: SignedAck): void {
  if (signer === core.nodeId) return;
  const { statement } = ack;
  const known = core.promises.latest(signer);
  if (known?.ack !== undefined) compareAcks(core, signer, known.ack, ack);
  const stray = core.evidence.strayAck(signer, statement.term, statement.height);
  if (stray !== undefined) compareAcks(core, signer, stray, ack);
  if (known?.vote !== undefined) compareAckAndVote(core, signer, ack, known.vote);
  core.promises.noteAck(signer, ack);
}

/** An ack, verified, of a block that this chain has another of: it waits for its counterpart. */
export function witnessStrayAck(core: Core, signer: NodeId, ack: SignedAck): void {
  witnessAck(core, signer, ack);
  core.evidence.keepStrayAck(signer, ack);
}

export function witnessVote(core: Core, signer: NodeId, vote: SignedVote): void {
  if (signer === core.nodeId) return;
  const known = core.promises.latest(signer);
  if (known?.vote?.statement.term === vote.statement.term && !sameRequest(known.vote.statement, vote.statement)) {
    report(core, 'two-votes', signer, signedRequest(known.vote), signedRequest(vote), vote.statement.term);
  }
  if (known?.ack !== undefined) compareAckAndVote(core, signer, known.ack, vote);
  core.promises.noteVote(signer, vote);
}

export function witnessVoteRequest(core: Core, signer: NodeId, request: SignedVoteRequest): void {
  if (signer === core.nodeId) return;
  const known = core.promises.latest(signer)?.voteRequest;
  const { term } = request.statement;
  if (known?.statement.term === term && !sameRequest(known.statement, request.statement)) {
    report(core, 'two-vote-requests', signer, signedRequest(known), signedRequest(request), term);
  }
  core.promises.noteVoteRequest(signer, request);
}

/** The acks in a verified certificate. */
export function witnessBlockCertificate(core: Core, { ack, signatures }: BlockCertificate): void {
  for (const { signer, signature } of signatures) witnessAck(core, signer, { statement: ack, signature });
}

/** Two verified certificates of one height and term: whoever signed both acked two blocks (ii). */
export function witnessRivalCertificates(core: Core, one: BlockCertificate, other: BlockCertificate): void {
  for (const { signer, signature } of one.signatures) {
    const twin = other.signatures.find((candidate) => candidate.signer === signer);
    if (twin === undefined || signer === core.nodeId) continue;
    compareAcks(core, signer, { statement: one.ack, signature }, { statement: other.ack, signature: twin.signature });
  }
}

/** The votes in a verified certificate. */
export function witnessTermCertificate(core: Core, { request, votes }: TermCertificate): void {
  for (const { signer, signature } of votes) witnessVote(core, signer, { statement: request, signature });
}

/** Two blocks, both with a verified header signature, at one height of one term (i). True when they differ. */
export function areTwoHeaders(core: Core, known: BlockReference, other: BlockReference): boolean {
  if (known.height !== other.height || known.term !== other.term || equalBytes(known.hash, other.hash)) return false;
  if (known.proposer === other.proposer) {
    report(core, 'two-headers', known.proposer, known.hash, other.hash, known.term, known.height);
  }
  return true;
}

/** A verified term certificate and a header of its leader that does not extend the tip it claimed (v). */
export function reportBrokenClaim(core: Core, certificate: TermCertificate, header: BlockReference): void {
  const { request } = certificate;
  // A header far above the claim proves nothing by itself: its ancestors are not in it.
  if (request.candidate !== header.proposer || request.term !== header.term) return;
  if (header.height > request.tip.height + 1) return;
  report(core, 'broken-claim', header.proposer, encodeTermCertificate(certificate), header.hash, header.term);
}

/** A header that breaks the rule for changes (vi), under a leader's verified signature. */
export function reportBrokenChange(core: Core, header: BlockReference, parent: BlockReference): void {
  const first = concatBytes(header.hash, encodeJustification(header.justification));
  report(core, 'broken-change', header.proposer, first, parent.hash, header.term, header.height);
}

/** (ii): one height of one term, two hashes. */
function compareAcks(core: Core, signer: NodeId, one: SignedAck, other: SignedAck): void {
  if (comparePlaces(one.statement, other.statement) !== 0 || sameAck(one.statement, other.statement)) return;
  const { term, height } = one.statement;
  report(core, 'two-acks', signer, signedAck(one), signedAck(other), term, height);
}

/** (iv): an ack (t, h), and a vote in a term above t for a tip below (t, h). */
function compareAckAndVote(core: Core, signer: NodeId, ack: SignedAck, vote: SignedVote): void {
  if (vote.statement.term <= ack.statement.term || comparePlaces(vote.statement.tip, ack.statement) >= 0) return;
  report(core, 'ack-then-vote', signer, signedAck(ack), signedRequest(vote), vote.statement.term);
}

function report(
  core: Core,
  kind: Evidence['kind'],
  culprit: NodeId,
  first: Uint8Array,
  second: Uint8Array,
  term: number,
  height = 0,
): void {
  const evidence: Evidence = { kind, culprit, first, second };
  if (core.evidence.isNew(evidence, term, height)) core.effects.evidence.push(evidence);
}

function signedAck({ statement, signature }: SignedAck): Uint8Array {
  return concatBytes(encodeAck(statement), signature);
}

function signedRequest({ statement, signature }: SignedVote | SignedVoteRequest): Uint8Array {
  return concatBytes(encodeVoteRequest(statement), signature);
}
