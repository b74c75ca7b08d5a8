/**
 * The composition root: one node of a ledger, from its configuration file to its last log line. Consensus, execution and
 * the database run on the main thread; HTTP with its parsing and signature checks, and the checks of blocks' signatures,
 * each on a thread of their own (protocol.md §11).
 */
export {
  type AuditProgress,
  type AuditVerdict,
  auditArchive,
  auditDirectory,
  auditLedger,
  type BlockSource,
  type Checkpoint,
  genesisOfArchive,
  openCheckpoint,
  type Since,
} from './audit/index.ts';
export { backupNode } from './backup/backup-node.ts';
export { type RestoredNode, restoreBackup, restoreSnapshot } from './backup/index.ts';
export { systemClock } from './clock.ts';
export {
  type ListenAddress,
  loadConfig,
  type NodeConfig,
  type PeerConfig,
  parseConfig,
  resolveFiles,
} from './config/index.ts';
export { type RunningNode, startNode } from './daemon.ts';
export { multiaddrOf } from './membership.ts';
export { createNodeKey, type NodeKey, readNodeKey } from './node-key.ts';
export {
  type AbandonedReport,
  type AppliedRecovery,
  applyRecovery,
  draftRecovery,
  type NewNode,
  parseReport,
  type RecoveryReport,
  reportOfStopped,
} from './recovery/index.ts';
export { type HostProcess, superviseNode } from './supervise.ts';
