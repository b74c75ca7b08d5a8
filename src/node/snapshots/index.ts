/**
 * Snapshots between nodes: given out on demand, asked for by a node that lags too far, proved from the genesis on as
 * they arrive, and installed atomically.
 */

export type { SnapshotProgress } from './fetcher.ts';
export { type SnapshotFile, SnapshotKeeper, type SnapshotSchedule } from './keeper.ts';
export { type SnapshotCounts, Snapshots, type SnapshotsOptions } from './snapshots.ts';
