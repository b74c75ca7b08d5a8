/** The part of consensus that runs anywhere: its signed statements and certificates, for whoever verifies them offline. */
export {
  decodeAck,
  decodeJustification,
  decodeTermCertificate,
  decodeVoteRequest,
  encodeTermCertificate,
} from './certificate-codec.ts';
export { verifyTermCertificate } from './certificates.ts';
export { stepBetween } from './configurations.ts';
export {
  ACK_BYTES,
  ackMessage,
  comparePlaces,
  encodeAck,
  encodeVoteRequest,
  sameAck,
  sameRequest,
  VOTE_REQUEST_BYTES,
  voteMessage,
  voteRequestMessage,
} from './statements.ts';
export type { AckStatement, Configuration, Evidence, TermCertificate, VoteRequestStatement } from './types.ts';
