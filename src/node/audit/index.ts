/**
 * A whole ledger, verified: from its genesis, block for block, with every signature and every transaction executed anew.
 * Reads a stopped node's directory and changes no byte of it.
 */
export { type AuditProgress, type AuditVerdict, auditLedger } from './audit.ts';
export { auditArchive, auditDirectory, genesisOfArchive } from './audit-directory.ts';
export type { BlockSource } from './source.ts';
export { type Checkpoint, openCheckpoint, type Since, type SinceVerdict } from './start.ts';
