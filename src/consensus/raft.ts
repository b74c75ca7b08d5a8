import { assert } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { countOwnAcks } from './ack-counting.ts';
import { prepareAck, signNewAcks } from './acks.ts';
import { handleBranchReply, handleBranchRequest, stepStranger } from './branch-fetch.ts';
import { emitCommitted } from './certification.ts';
import {
  admittedNodes,
  certifiedChange,
  changeAhead,
  configurationAtTip,
  connectedNodes,
  isAdmitted,
  removalHeight,
} from './configuration-lookup.ts';
import type { ConfigurationStep } from './configurations.ts';
import { type Core, createCore } from './core.ts';
import {
  askAgain,
  countOwnVote,
  handleCampaignNow,
  handlePreVoteReply,
  handlePreVoteRequest,
  handleVoteReply,
  refusePreVote,
  startPreVote,
} from './election.ts';
import { handleAppend, handleHeartbeat, refuse, reportProgress } from './following.ts';
import { takeVerdict } from './growth.ts';
import { handleAppendReply, handleHeartbeatReply, stepDownIfRemoved, tickLeader } from './leading.ts';
import { checkMessage } from './message-checks.ts';
import type { ProvedChange, RaftOptions, RaftStatus, TransferAnswer } from './options.ts';
import { mayEnact, proposalSlot, propose } from './proposing.ts';
import { expireForwardedReads, handleReadIndexReply, handleReadIndexRequest, readIndex } from './reads.ts';
import { flush } from './sending.ts';
import { statusOf } from './status.ts';
import { transferLeadership } from './transfer.ts';
import { askNonces, handleNonceRequest } from './tripwire.ts';
import { handleNonceReply } from './tripwire-replies.ts';
import type { BlockReference, Configuration, Hash, Message, ProposalSlot, Ready, Tip, Verdict } from './types.ts';
import { handleVoteRequest } from './voting.ts';

/**
 * One node's part in the agreement (protocol.md §5): Raft with signed statements and transferable certificates. Pure and
 * synchronous: messages, ticks, storage completions and the ledger's verdicts go in, one {@link Ready} comes out. It has
 * no clock, no randomness and no I/O but what its options give it.
 */
export class Raft {
  readonly #core: Core;

  constructor(options: RaftOptions) {
    this.#core = createCore(options);
    emitCommitted(this.#core);
    askNonces(this.#core);
  }

  /** One tick of the driver's. `nowMs` is the node's clock, milliseconds since the Unix epoch. */
  tick(nowMs: number): void {
    const core = this.#core;
    takeTime(core, nowMs);
    core.tick += 1;
    const { heartbeatTicks, electionTicks } = core.parameters;
    if (core.tick % heartbeatTicks === 0) askNonces(core);
    if (core.leadership !== undefined) tickLeader(core, core.leadership);
    else if (core.tick - core.timerStartTick >= core.timerTicks) startPreVote(core);
    else if (core.tick % (2 * heartbeatTicks) === 0) askAgain(core);
    if (core.tick % electionTicks === 0) core.promisesDue = core.promises.hasUnsaved;
    expireForwardedReads(core);
  }

  /**
   * Takes a message that was decoded and whose blocks' header signatures were verified. Nothing in it is trusted.
   * Answers what is wrong with it when the peer, not the network, is to blame; undefined otherwise.
   */
  step(from: NodeId, message: Message, nowMs: number): string | undefined {
    const core = this.#core;
    takeTime(core, nowMs);
    if (from === core.nodeId) return 'a message from itself';
    if (!isAdmitted(core, from)) return stepOutside(core, from, message);
    const malformed = checkMessage(message);
    if (malformed !== undefined) return malformed;
    return dispatch(core, from, message);
  }

  /** The answer to one of `Ready.execute`. */
  verdict(hash: Hash, verdict: Verdict): void {
    const refused = takeVerdict(this.#core, hash, verdict);
    if (refused !== undefined) refuse(this.#core, refused.block, refused.reason);
  }

  /** The batch with this token, and every one before it, is synced. */
  persisted(token: number): void {
    const core = this.#core;
    const durableBefore = core.log.durableTip;
    for (const { height, peerPromises } of core.persistence.complete(token)) {
      core.log.synced(height);
      core.promises.synced(peerPromises);
    }
    core.effects.release(token);
    emitCommitted(core);
    countOwnVote(core);
    if (core.leadership !== undefined) countOwnAcks(core, signNewAcks(core));
    else if (core.log.durableTip.height !== durableBefore.height || ackIsNew(core)) reportProgress(core);
  }

  /** What the next block has to be; undefined when none may be sealed now, for the reason that the status gives. */
  proposalSlot(nowMs: number): ProposalSlot | undefined {
    takeTime(this.#core, nowMs);
    return proposalSlot(this.#core);
  }

  /**
   * Whether a leader should take this waiting step of the configuration now: a promoted node has caught up, and a
   * majority of the voters that are to be answers.
   */
  mayEnact(step: ConfigurationStep): boolean {
    return mayEnact(this.#core, step);
  }

  /** The nodes that may connect: whose messages are taken, and removed ones that may not have heard of it. */
  connected(): ReadonlySet<NodeId> {
    return connectedNodes(this.#core);
  }

  /** Every node of a configuration that counts: of the one at the tip, and of the newest that is certified. */
  admitted(): ReadonlySet<NodeId> {
    return admittedNodes(this.#core);
  }

  /** Offers the block sealed for the present slot. Its header may be signed only after `true`. */
  propose(block: BlockReference): boolean {
    return propose(this.#core, block);
  }

  /** Asks for a height from which a read is linearizable. The answer comes once, in `Ready.reads`. */
  readIndex(context: number): void {
    readIndex(this.#core, context);
  }

  /**
   * Begins to hand the leadership to this voter, or to the one with the highest durable tip that answered lately. The
   * leader seals nothing until the target leads or one election timeout has passed.
   */
  transferLeadership(to?: NodeId): TransferAnswer {
    return transferLeadership(this.#core, to);
  }

  /**
   * A snapshot is being taken in, or no longer: meanwhile no block is taken and no campaign started. Once it is installed,
   * another `Raft` begins at its block.
   */
  setInstalling(isInstalling: boolean): void {
    this.#core.isInstalling = isInstalling;
  }

  /** Blocks below this height are no longer kept; all are certified, and none is in the core's memory. */
  raiseBase(height: number): void {
    assert(height <= this.#core.certifiedHeight, 'only certified blocks are given up');
    this.#core.log.raiseBase(height);
  }

  /** What is to be done since the last call; undefined when nothing is. */
  ready(): Ready | undefined {
    const core = this.#core;
    if (core.leadership !== undefined) {
      flush(core, core.leadership);
      // After the certificate that says so has left.
      stepDownIfRemoved(core, core.leadership);
    }
    prepareAck(core);
    const isWriteDue = core.persistence.isDue || core.promisesDue;
    if (!isWriteDue && core.effects.isEmpty) return undefined;
    const effects = core.effects.take();
    if (!isWriteDue) return effects;
    core.promisesDue = false;
    return { ...effects, persist: core.persistence.take(core.log.tip.height, core.promises.takeUnsaved()) };
  }

  /** The leader that this node follows or is; cheaper than the whole status. */
  get leader(): NodeId | undefined {
    return this.#core.leader;
  }

  /**
   * The newest block of this chain that a certificate covers, where that is above a height: executed here, its sync perhaps
   * under way.
   */
  certifiedAbove(height: number): Tip | undefined {
    const { certifiedHeight, log } = this.#core;
    return certifiedHeight > height ? log.tipAt(certifiedHeight) : undefined;
  }

  /** In force at the tip. */
  get configuration(): Configuration {
    return configurationAtTip(this.#core);
  }

  /** Height and configuration of the newest certified change that this node knows of, in its chain or above it. */
  get newestCertified(): { readonly height: number; readonly configuration: Configuration } {
    const core = this.#core;
    const ahead = changeAhead(core);
    if (ahead !== undefined) return ahead;
    return certifiedChange(core);
  }

  /**
   * Takes changes that a verified history proved, ascending and above {@link newestCertified}: the nodes of the last one
   * are admitted from now on, and statements are counted under each. Nothing else changes: the chain grows as ever.
   */
  learnConfigurations(changes: readonly ProvedChange[]): void {
    this.#core.configurations.prove(changes);
  }

  /** Where the newest change is that a certificate covers; 0 while there is none. A configuration itself may come again. */
  get certifiedChangeHeight(): number {
    const { certifiedHeight, log } = this.#core;
    return log.changeHeightAt(certifiedHeight);
  }

  get term(): number {
    return this.#core.persistence.term;
  }

  status(): RaftStatus {
    return statusOf(this.#core);
  }
}

/** Whether a batch without blocks raised the mark, so that acks became possible. */
function ackIsNew(core: Core): boolean {
  const { ack } = core.persistence.durable;
  return (
    ack !== undefined && ack.term === core.persistence.term && ack.height > (core.signedAck?.statement.height ?? 0)
  );
}

/** A jump of the clock voids every comparison with a peer's: a leader seals again once it has compared anew. */
function takeTime(core: Core, nowMs: number): void {
  const jumpMs = Math.abs(nowMs - core.nowMs);
  core.nowMs = nowMs;
  if (core.leadership === undefined || jumpMs <= core.parameters.clockToleranceMs) return;
  for (const peer of core.leadership.progress.values()) peer.clockOffsetMs = undefined;
}

/**
 * A removed node may learn that it is, and may be answered. Its replies still show its leader what it lacks, and move no
 * term; a removed leader may still hand over.
 */
function stepOutside(core: Core, from: NodeId, message: Message): string | undefined {
  const malformed = checkMessage(message);
  if (malformed !== undefined) return malformed;
  if (removalHeight(core, from) === undefined) return stepStranger(core, from, message);
  switch (message.type) {
    case 'branch-request':
      handleBranchRequest(core, from, message);
      return undefined;
    case 'nonce-request':
      handleNonceRequest(core, from, message.nonce);
      return undefined;
    case 'pre-vote-request':
      refusePreVote(core, from, message);
      return undefined;
    case 'append-reply':
    case 'heartbeat-reply':
      return message.term <= core.persistence.term ? dispatch(core, from, message) : undefined;
    case 'campaign-now':
      return dispatch(core, from, message);
    default:
      return undefined;
  }
}

function dispatch(core: Core, from: NodeId, message: Message): string | undefined {
  switch (message.type) {
    case 'append':
      return handleAppend(core, from, message);
    case 'append-reply':
      return handleAppendReply(core, from, message);
    case 'heartbeat':
      return handleHeartbeat(core, from, message);
    case 'heartbeat-reply':
      return handleHeartbeatReply(core, from, message);
    case 'pre-vote-request':
      handlePreVoteRequest(core, from, message);
      return undefined;
    case 'pre-vote-reply':
      handlePreVoteReply(core, from, message);
      return undefined;
    case 'vote-request':
      return handleVoteRequest(core, from, message);
    case 'vote-reply':
      return handleVoteReply(core, from, message);
    case 'read-index-request':
      handleReadIndexRequest(core, from, message.context);
      return undefined;
    case 'read-index-reply':
      handleReadIndexReply(core, from, message);
      return undefined;
    case 'nonce-request':
      handleNonceRequest(core, from, message.nonce);
      return undefined;
    case 'nonce-reply':
      return handleNonceReply(core, from, message);
    case 'branch-request':
      handleBranchRequest(core, from, message);
      return undefined;
    case 'branch-reply':
      return handleBranchReply(core, from, message);
    case 'campaign-now':
      handleCampaignNow(core, from, message);
      return undefined;
  }
}
