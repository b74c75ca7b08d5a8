/**
 * Agreement on one chain: Raft with certificates (protocol.md §5), as a pure, synchronous state machine. It never
 * promises twice, never signs what is not durable, and commits only what a verified majority signed. Of a block it knows
 * hash, parent, height, term, configuration and justification, nothing more.
 */
export {
  CERTIFICATE_SIGNATURES_MAX,
  decodeBlockCertificate,
  decodeJustification,
  decodeTermCertificate,
  encodeBlockCertificate,
  encodeJustification,
  encodeTermCertificate,
} from './certificate-codec.ts';
export { verifyBlockCertificate, verifyTermCertificate } from './certificates.ts';
export { type ConfigurationStep, countVoters, type Electorate, electorateOf, stepBetween } from './configurations.ts';
export {
  type ConfigurationChange,
  type PeerStatus,
  type ProvedChange,
  type RaftLimits,
  type RaftOptions,
  type RaftParameters,
  type RaftStatus,
  type RestoredState,
  raftLimits,
  raftParameters,
  type SealRefusal,
  type TransferAnswer,
  type TransferRefusal,
  type WithheldReason,
} from './options.ts';
export { PeerPromises } from './promises.ts';
export { Raft } from './raft.ts';
export {
  ackMessage,
  ackOf,
  comparePlaces,
  encodeAck,
  encodeVoteRequest,
  isAckOf,
  sameAck,
  sameRequest,
  sameTip,
  tipOf,
  voteMessage,
  voteRequestMessage,
} from './statements.ts';
export type * from './types.ts';
