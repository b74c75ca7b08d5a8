/** A backup is all that a node has of its ledger, and nothing of the node's own; what is restored from it is another node. */
export { type BackupFile, backupStopped, writeBackup } from './backup.ts';
export { type RestoredNode, restoreBackup } from './restore.ts';
export { restoreSnapshot } from './restore-snapshot.ts';
