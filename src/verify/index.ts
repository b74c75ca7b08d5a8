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
export {
  configurationIn,
  type KnownConfiguration,
  type ProvedConfiguration,
  verifyHistory,
} from './configuration-steps.ts';
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
export {
  type Compared,
  type Comparison,
  compareCheckpoints,
  decodeSplitView,
  isSplit,
  isSplitView,
  type NoContradiction,
  type SplitView,
  type View,
  verifySplitView,
} from './receipts/compare.ts';
export * from './receipts/index.ts';
export { type OpenRecovery, recoveriesOf } from './recovery.ts';
