/**
 * Verification without a node: anyone can hold a record against these rules, with nothing but its bytes. Portable, no
 * effects. A verdict never rests on what the record says of itself, only on what keys signed.
 */
export {
  type ConfigurationHistory,
  decodeHistory,
  decodeHistoryStep,
  encodeHistory,
  encodeHistoryStep,
  type HistoryStep,
  historyBytesMax,
  historyFrameBytesMax,
  historyLinksMax,
  historyStepsMax,
} from './configuration-history.ts';
export { type KnownConfiguration, type ProvedConfiguration, verifyHistory } from './configuration-steps.ts';
export { type EvidenceVerdict, verifyEvidence } from './evidence.ts';
export {
  decodeEvidence,
  type EvidenceKind,
  type EvidenceRecord,
  encodeEvidence,
  evidenceBytesMax,
  evidenceId,
  evidenceKinds,
  evidenceRecord,
} from './evidence-record.ts';
export { type OpenRecovery, recoveriesOf } from './recovery.ts';
