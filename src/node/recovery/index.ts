/**
 * What becomes of a ledger whose nodes are gone for good (protocol.md §5, "Disaster"), on the directories of stopped
 * nodes: a report of each, a statement that members sign, and its application, which says what it gives up.
 */
export { type AbandonedReport, type AppliedRecovery, applyRecovery } from './apply.ts';
export type { AbandonedBlock } from './cut.ts';
export { draftRecovery, type NewNode, type RecoveryDraft } from './draft.ts';
export { type BlockPlace, parseReport, type RecoveryReport, reportOfStopped } from './report.ts';
