import type { Random } from '../base/index.ts';
import type { NodeId, VerifySignature } from '../crypto/portable.ts';
import type {
  BlockCertificate,
  ChainReader,
  Configuration,
  HardState,
  Hash,
  PeerPromise,
  Recovery,
  Role,
  StatementSigner,
  TermCertificate,
  Tip,
} from './types.ts';

/** Times in ticks of the driver, and the tolerance between clocks. */
export interface RaftParameters {
  readonly heartbeatTicks: number;
  /** Each election timeout is drawn from [electionTicks, 2 × electionTicks). */
  readonly electionTicks: number;
  /** Clocks agree when they differ by no more (protocol.md §4, "Time"). */
  readonly clockToleranceMs: number;
}

export const raftParameters: RaftParameters = { heartbeatTicks: 5, electionTicks: 100, clockToleranceMs: 5000 };

/** Every bound of the core. Reaching one refuses or waits; it never loses what was promised. */
export interface RaftLimits {
  /** A leader seals nothing above this many uncertified blocks or bytes of them; a term's first block is exempt. */
  readonly uncertifiedBlocksMax: number;
  readonly uncertifiedBytesMax: number;
  /** Blocks and bytes of one append; a single block always fits. */
  readonly appendBlocksMax: number;
  readonly appendBytesMax: number;
  /** Appends, and bytes in them, sent to one follower and not answered. */
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  /** Blocks sent to one follower beyond what it holds durably: what it can stage, and more than a certificate can lag. */
  readonly aheadBlocksMax: number;
  /** Blocks received and not yet persisted. Above the uncertified tail, so that an honest branch always fits. */
  readonly stagedBlocksMax: number;
  readonly stagedBytesMax: number;
  /** Certified blocks kept in memory below the tip, for followers that lag a little. */
  readonly recentBlocksMax: number;
  /** A learner that lags by no more certified blocks is near enough to become a voter. */
  readonly promotionLagBlocksMax: number;
  /** How far one unproved message can raise the term. */
  readonly termLeapMax: number;
  /** Messages that wait for a sync. */
  readonly withheldMessagesMax: number;
  /** Linearizable reads that wait for a round. */
  readonly readsMax: number;
}

const mebibyte = 1024 * 1024;

export const raftLimits: RaftLimits = {
  uncertifiedBlocksMax: 64,
  uncertifiedBytesMax: 64 * mebibyte,
  appendBlocksMax: 64,
  appendBytesMax: mebibyte,
  inflightAppendsMax: 64,
  inflightBytesMax: 16 * mebibyte,
  aheadBlocksMax: 256,
  stagedBlocksMax: 512,
  stagedBytesMax: 128 * mebibyte,
  recentBlocksMax: 256,
  promotionLagBlocksMax: 64,
  termLeapMax: 1000,
  withheldMessagesMax: 1024,
  readsMax: 4096,
};

/** A block that changed the configuration, and what is in force after it. */
export interface ConfigurationChange {
  readonly height: number;
  readonly configurationHash: Hash;
}

/** A change of the configuration that a verified history proved: it is certified under what it brought. */
export interface ProvedChange {
  readonly height: number;
  readonly term: number;
  readonly blockHash: Hash;
  readonly configuration: Configuration;
}

/** What the node found on its disk. */
export interface RestoredState {
  readonly hardState: HardState;
  readonly tip: Tip;
  /** Height of the newest block that is applied. */
  readonly committedHeight: number;
  /** The highest block certificate kept, if any. */
  readonly certificate?: BlockCertificate;
  /** The certificate of the highest term followed, if any. */
  readonly termCertificate?: TermCertificate;
  readonly peerPromises: readonly PeerPromise[];
  /** Where the configuration changes along the chain up to the tip, ascending. */
  readonly changes: readonly ConfigurationChange[];
  /** The lowest block that is kept: 1, or that of the snapshot with which the chain begins here. */
  readonly baseHeight: number;
  /** What contradicted this node's disk before it took in a snapshot: its key stays spent. */
  readonly contradiction?: string;
}

export interface RaftOptions {
  readonly nodeId: NodeId;
  readonly ledgerId: Hash;
  readonly signer: StatementSigner;
  readonly verify: VerifySignature;
  readonly random: Random;
  readonly chain: ChainReader;
  /** The configuration in force at the chain's start. */
  readonly configuration: Configuration;
  /** Nodes to hear before they are known from the chain: a joiner's first contacts. */
  readonly seeds?: readonly NodeId[];
  readonly restored: RestoredState;
  /** The recovery that this node's operator applied last. */
  readonly recovery?: Recovery;
  readonly parameters?: Partial<RaftParameters>;
  readonly limits?: Partial<RaftLimits>;
}

/** Why a node neither votes nor acks. */
export type WithheldReason =
  /** Its start-up nonces are not yet answered by a majority. */
  | 'start-up'
  /** Blocks that its mark names are gone; it repairs. */
  | 'mark-lost'
  /** A peer holds a statement of this key that the node does not know: the disk was rolled back. Final. */
  | 'contradicted'
  /** It is no voter of the configuration. */
  | 'not-a-voter';

/** Why a leader seals nothing. */
export type SealRefusal = 'not-leader' | 'clock-fault' | 'transfer-under-way' | 'uncertified-tail-full';

/** Why a leadership is not handed over. */
export type TransferRefusal =
  /** This node does not lead. */
  | 'not-leader'
  /** One transfer at a time. */
  | 'under-way'
  /** The target leads already. */
  | 'self'
  /** The target is no node of the configuration. */
  | 'unknown-node'
  /** The target has no vote. */
  | 'learner'
  /** No other voter answered lately. */
  | 'no-target';

/** Whether a transfer began. Whether it succeeds, the next leader shows; one that does not ends by itself. */
export type TransferAnswer =
  | { readonly started: true; readonly target: NodeId }
  | { readonly started: false; readonly reason: TransferRefusal };

export interface PeerStatus {
  readonly nodeId: NodeId;
  /** Highest block that the peer says is durable and in the leader's chain. */
  readonly matchHeight: number;
  readonly nextHeight: number;
  readonly state: 'probe' | 'replicate';
  readonly inflightAppends: number;
  /** Heard from within the last election timeout. */
  readonly active: boolean;
  /** The peer's clock minus this node's when it last answered. */
  readonly clockOffsetMs?: number;
  /** Why the peer refuses this leader. */
  readonly refusal?: string;
}

export interface RaftStatus {
  readonly role: Role;
  readonly term: number;
  readonly leader?: NodeId;
  /** The end of the chain, part of which may still be on its way to the disk. */
  readonly tip: Tip;
  readonly durableTip: Tip;
  readonly committedHeight: number;
  /** Highest block of this chain that a verified certificate covers. */
  readonly certifiedHeight: number;
  /** Blocks that are certified above the tip, by what this node was told. */
  readonly behindBlocks: number;
  /** A peer that was asked for the next of them does not keep them. */
  readonly areBlocksUnkept: boolean;
  readonly withheld?: WithheldReason;
  /** The statement that contradicts this node's disk, in words, when `withheld` is `contradicted`. */
  readonly contradiction?: string;
  /** Where a certified block removed this node from the configuration: it has no more part in the ledger. */
  readonly removedAtHeight?: number;
  /** The configuration in force at the tip. */
  readonly configuration: Configuration;
  /** Set on a leader that may not seal now. */
  readonly sealRefusal?: SealRefusal;
  /** Set on a leader that hands over. */
  readonly transferTarget?: NodeId;
  /** Why this node refuses the leader of the term. */
  readonly refusal?: string;
  /** On a leader only. */
  readonly peers: readonly PeerStatus[];
}
