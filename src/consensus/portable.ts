/** The part of consensus that runs anywhere: its signed statements and certificates, for whoever verifies them offline. */
export {
  decodeAck,
  decodeBlockCertificate,
  decodeJustification,
  decodeTermCertificate,
  decodeVoteRequest,
  encodeTermCertificate,
} from './certificate-codec.ts';
export { verifyBlockCertificate, verifyTermCertificate } from './certificates.ts';
export { type ConfigurationStep, stepBetween } from './configurations.ts';
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
export type {
  AckStatement,
  BlockCertificate,
  Configuration,
  Evidence,
  Justification,
  Recovery,
  TermCertificate,
  VoteRequestStatement,
} from './types.ts';
