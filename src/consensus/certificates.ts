import { compareBytes } from '../base/index.ts';
import type { NodeId, VerifySignature } from '../crypto/portable.ts';
import { electorateOf } from './configurations.ts';
import { ackMessage, publicKeyOf, voteMessage } from './statements.ts';
import type {
  AckStatement,
  BlockCertificate,
  Configuration,
  Hash,
  StatementSignature,
  TermCertificate,
  VoteRequestStatement,
} from './types.ts';

/** A block certificate of verified acks, or undefined while they are no majority. */
export function assembleBlockCertificate(
  ack: AckStatement,
  signatures: ReadonlyMap<NodeId, Uint8Array>,
  configuration: Configuration,
): BlockCertificate | undefined {
  const chosen = majorityOf(signatures, configuration);
  return chosen && { ack, signatures: chosen };
}

/** A term certificate of verified votes, or undefined while they are no majority. */
export function assembleTermCertificate(
  request: VoteRequestStatement,
  votes: ReadonlyMap<NodeId, Uint8Array>,
  configuration: Configuration,
): TermCertificate | undefined {
  const chosen = majorityOf(votes, configuration);
  return chosen && { request, votes: chosen };
}

/**
 * Whether a majority of this configuration signed the ack. The caller has looked the configuration up by the hash in the
 * ack; that the block is in a chain, and that its term is the ack's, can only be said with the block at hand.
 */
export function verifyBlockCertificate(
  certificate: BlockCertificate,
  configuration: Configuration,
  ledgerId: Hash,
  verify: VerifySignature,
): boolean {
  if (compareBytes(certificate.ack.configurationHash, configuration.hash) !== 0) return false;
  const message = (): Uint8Array => ackMessage(ledgerId, certificate.ack);
  return isMajority(certificate.signatures, message, configuration, verify);
}

/** Whether a majority of this configuration, the one in force at the claimed tip, voted for the request. */
export function verifyTermCertificate(
  certificate: TermCertificate,
  configuration: Configuration,
  ledgerId: Hash,
  verify: VerifySignature,
): boolean {
  if (!electorateOf(configuration).voters.has(certificate.request.candidate)) return false;
  const message = (): Uint8Array => voteMessage(ledgerId, certificate.request);
  return isMajority(certificate.votes, message, configuration, verify);
}

/** In the order of keys, and no more than needed: the encoded certificate is small and has one form. */
function majorityOf(
  signatures: ReadonlyMap<NodeId, Uint8Array>,
  configuration: Configuration,
): StatementSignature[] | undefined {
  const { voters, majority } = electorateOf(configuration);
  const chosen: StatementSignature[] = [];
  for (const [signer, signature] of signatures) {
    if (chosen.length === majority) break;
    if (voters.has(signer)) chosen.push({ signer, signature });
  }
  if (chosen.length < majority) return undefined;
  return chosen.sort((left, right) => compareBytes(publicKeyOf(left.signer), publicKeyOf(right.signer)));
}

function isMajority(
  signatures: readonly StatementSignature[],
  message: () => Uint8Array,
  configuration: Configuration,
  verify: VerifySignature,
): boolean {
  const { voters, keys, majority } = electorateOf(configuration);
  if (signatures.length < majority || signatures.length > voters.size) return false;
  // Counted before anything is verified: a duplicate or a stranger makes the whole invalid, and costs nothing.
  const signers = new Set<NodeId>();
  for (const { signer } of signatures) {
    if (!voters.has(signer) || signers.has(signer)) return false;
    signers.add(signer);
  }
  const signed = message();
  return signatures.every(({ signer, signature }) => {
    const key = keys.get(signer);
    return key !== undefined && verify(key, signed, signature);
  });
}
