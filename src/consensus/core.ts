import type { Random } from '../base/index.ts';
import type { NodeId, VerifySignature } from '../crypto/portable.ts';
import { BlockLog } from './block-log.ts';
import { ConfigurationBook } from './configuration-lookup.ts';
import { Effects } from './effects.ts';
import { EvidenceBook } from './evidence-book.ts';
import { KnownCertificates } from './known-certificates.ts';
import type { Leadership } from './leadership.ts';
import { type RaftLimits, type RaftOptions, type RaftParameters, raftLimits, raftParameters } from './options.ts';
import { Persistence } from './persistence.ts';
import { PeerPromises } from './promises.ts';
import { FollowerReads } from './reads-forwarded.ts';
import { Staging } from './staging.ts';
import { comparePlaces } from './statements.ts';
import { Tripwire } from './tripwire.ts';
import type {
  AckStatement,
  BlockCertificate,
  ChainReader,
  Hash,
  Recovery,
  Refusal,
  SignedAck,
  StatementSigner,
  TermCertificate,
  VoteRequestStatement,
} from './types.ts';

/** A round of PreVotes, or the campaign for a term. */
export type Campaign =
  | { readonly stage: 'pre-vote'; readonly round: number; readonly term: number; readonly grants: Set<NodeId> }
  | {
      readonly stage: 'vote';
      readonly request: VoteRequestStatement;
      readonly signature: Uint8Array;
      /** The leader of the term before ordered it. */
      readonly isOrdered: boolean;
      /** Verified votes. The own one enters when it is durable. */
      readonly votes: Map<NodeId, Uint8Array>;
      readonly refusedBy: Set<NodeId>;
    };

/**
 * The state of one node, plain. The rules stand in the modules beside this one, each a few functions over it; `Raft`
 * ties them to the outside.
 */
export interface Core {
  readonly nodeId: NodeId;
  readonly ledgerId: Hash;
  readonly signer: StatementSigner;
  readonly verify: VerifySignature;
  readonly random: Random;
  readonly chain: ChainReader;
  /** The recovery that was applied here: this node acts for its configuration only, and on its base only. */
  readonly recovery: Recovery | undefined;
  readonly configurations: ConfigurationBook;
  /** Nodes that the operator named for the first contact with a ledger that has moved on. */
  readonly seeds: ReadonlySet<NodeId>;
  /** Removed nodes that showed that they hold the proof of it. */
  readonly dismissed: Set<NodeId>;
  readonly parameters: RaftParameters;
  readonly limits: RaftLimits;

  readonly log: BlockLog;
  readonly staging: Staging;
  readonly persistence: Persistence;
  readonly effects: Effects;
  readonly known: KnownCertificates;
  readonly promises: PeerPromises;
  readonly evidence: EvidenceBook;
  readonly tripwire: Tripwire;
  readonly forwardedReads: FollowerReads;

  /** Ticks since the start, and the node's clock at the last event. */
  tick: number;
  nowMs: number;
  role: 'follower' | 'pre-candidate' | 'candidate' | 'leader';
  leader: NodeId | undefined;
  /** The certificate of the present term: nobody is followed without it. */
  termCertificate: TermCertificate | undefined;
  /** Why the leader of the present term is dead to this node. */
  refusal: Refusal | undefined;
  /** When a leader that is not refused was last heard. */
  leaderHeardTick: number;
  /** The election timer started here and runs this long. */
  timerStartTick: number;
  timerTicks: number;
  preVoteRound: number;
  campaign: Campaign | undefined;
  leadership: Leadership | undefined;
  /** Whose branch this node asked for, and whether it did so to learn a configuration. */
  branchSource: { readonly nodeId: NodeId; readonly wantsConfiguration: boolean } | undefined;
  /** Highest block of this chain that a verified certificate covers, and that certificate. */
  certifiedHeight: number;
  certificate: BlockCertificate | undefined;
  /** The highest verified certificate of a block that is not in this chain yet. */
  unplaced: BlockCertificate | undefined;
  /** Blocks up to here are certified, by what peers say and nobody proved: they wait for a certificate. */
  awaitedHeight: number;
  /** A peer's chain goes up to here, and it does not keep the blocks that come next here: a snapshot stands for them. */
  unkeptHeight: number;
  /** A snapshot is being taken in: no block is taken, and no campaign started. */
  isInstalling: boolean;
  /** Highest block given to the driver as committed. */
  emittedHeight: number;
  /** The highest ack of before the start, while its block is missing: blocks were lost, and are repaired first. */
  lostMark: AckStatement | undefined;
  /** The highest ack signed since the start. */
  signedAck: SignedAck | undefined;
  /** Statements of peers have waited long enough for a batch to ride in. */
  promisesDue: boolean;
}

export function createCore(options: RaftOptions): Core {
  const { restored } = options;
  const parameters = { ...raftParameters, ...options.parameters };
  const limits = { ...raftLimits, ...options.limits };
  const log = new BlockLog(options.chain, options.ledgerId, restored, limits.recentBlocksMax);
  const { term, ack } = restored.hardState;
  const core: Core = {
    nodeId: options.nodeId,
    ledgerId: options.ledgerId,
    signer: options.signer,
    verify: options.verify,
    random: options.random,
    chain: options.chain,
    recovery: options.recovery,
    configurations: new ConfigurationBook(options.configuration, options.chain),
    seeds: new Set(options.seeds),
    dismissed: new Set(),
    parameters,
    limits,
    log,
    staging: new Staging(limits),
    persistence: new Persistence(restored.hardState),
    effects: new Effects(limits.withheldMessagesMax),
    known: new KnownCertificates(options.nodeId, options.ledgerId, options.verify),
    promises: new PeerPromises(restored.peerPromises.filter((promise) => promise.nodeId !== options.nodeId)),
    evidence: new EvidenceBook(),
    tripwire: new Tripwire(restored.hardState, options.random.bytes(32)),
    forwardedReads: new FollowerReads(limits.readsMax),
    tick: 0,
    nowMs: 0,
    role: 'follower',
    leader: undefined,
    termCertificate: undefined,
    refusal: undefined,
    leaderHeardTick: Number.NEGATIVE_INFINITY,
    timerStartTick: 0,
    timerTicks: parameters.electionTicks + options.random.below(parameters.electionTicks),
    preVoteRound: 0,
    campaign: undefined,
    leadership: undefined,
    branchSource: undefined,
    // What was applied may lie above a chain that lost its end.
    certifiedHeight: Math.min(restored.committedHeight, restored.tip.height),
    certificate: undefined,
    unplaced: undefined,
    awaitedHeight: 0,
    unkeptHeight: 0,
    isInstalling: false,
    emittedHeight: restored.committedHeight,
    lostMark: ack !== undefined && !reachesMark(log, ack) ? ack : undefined,
    signedAck: undefined,
    promisesDue: false,
  };
  const { certificate } = restored;
  const termCertificate = restored.termCertificate ?? (term > 0 ? options.chain.termCertificate(term) : undefined);
  core.tripwire.contradiction = restored.contradiction;
  // Blocks never reach the disk before the term they are of: the promises were lost, and with them votes and acks.
  if (restored.tip.term > term) core.tripwire.contradiction ??= 'the chain is ahead of the promises on this disk';
  if (termCertificate !== undefined) core.known.addTerm(termCertificate);
  if (termCertificate?.request.term === term) core.termCertificate = termCertificate;
  if (certificate !== undefined) {
    core.known.addBlock(certificate);
    const { height, blockHash } = certificate.ack;
    if (!log.has(height, blockHash)) core.unplaced = certificate;
    else if (height >= core.certifiedHeight) {
      core.certifiedHeight = height;
      core.certificate = certificate;
    }
  }
  return core;
}

/**
 * Whether this chain has all that was acknowledged: that very block, or the end of a later term, whose leader's majority
 * settled what became of it. Below the chain's base a certified snapshot stands for all blocks. The tip decides, durable
 * or not: a promise that counts on it is written after it.
 */
export function reachesMark(log: BlockLog, mark: AckStatement): boolean {
  if (comparePlaces(log.tip, mark) < 0) return false;
  return log.tip.term > mark.term || mark.height < log.baseHeight || log.has(mark.height, mark.blockHash);
}
