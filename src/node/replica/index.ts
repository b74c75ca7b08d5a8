/**
 * The driver of consensus and ledger: one node's deterministic half. Persists, then sends; executes, then acknowledges;
 * and answers submitters only from what is durably committed.
 */

export { consensusConfiguration } from './configuration.ts';
export type { ConfigurationHistories } from './configuration-history.ts';
export type { EvidenceGossip } from './evidence-gossip.ts';
export type { EvidenceEntry } from './evidence-store.ts';
export { clockAheadMsMax, clockBehindMsMax, type VerifyTransactions } from './execution-queue.ts';
export type { LeaseEnd } from './in-force/holder.ts';
export type { InForceListener, InForceWord, Standing } from './in-force/in-force.ts';
export type { ProvedSnapshot } from './installation.ts';
export { blockCertificateRange, certificateKey, termCertificateOf } from './persistence.ts';
export { type ReachListener, reachWaitersMax } from './reach/reach.ts';
export type { ReadListener, ReadState } from './read-barrier.ts';
export { ownBytes } from './records.ts';
export { Replica } from './replica.ts';
export type { Membership, ReplicaChannel, ReplicaOptions, ReplicaStatus, Slicing } from './replica-options.ts';
export { damagedKey } from './stopping.ts';
export { type Outcome, type OutcomeListener, type PoolLimits, poolLimits } from './transaction-pool.ts';
export { type BlockAccess, decodeMessage, encodeMessage } from './wire.ts';
