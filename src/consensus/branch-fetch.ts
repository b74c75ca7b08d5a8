import { present } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { learnCertificate } from './certification.ts';
import { admittedNodes, removalHeight } from './configuration-lookup.ts';
import type { Core } from './core.ts';
import { advance, stageBlocks } from './growth.ts';
import { adoptTerm, isLeaderLive, send } from './roles.ts';
import { comparePlaces, tipOf } from './statements.ts';
import { handleNonceRequest } from './tripwire.ts';
import type { BlockReference, Message, Tip } from './types.ts';

type BranchRequest = Extract<Message, { type: 'branch-request' }>;
type BranchReply = Extract<Message, { type: 'branch-reply' }>;

/**
 * Asks a peer for its branch (protocol.md §5, "Catching up"): a pre-candidate that was refused for its lower tip, or a
 * node that is shown a certificate under a configuration that it does not know, whose blocks say what it is. It starts at
 * what is certified here, which is in the peer's chain too; above it the two may have parted.
 */
export function requestBranch(core: Core, from: NodeId, wanted: Tip, wantsConfiguration = false): void {
  core.branchSource = { nodeId: from, wantsConfiguration };
  if (!wantsConfiguration) core.awaitedHeight = 0;
  const known = present(core.log.tipAt(core.certifiedHeight), 'what is certified is in the chain');
  send(core, from, { type: 'branch-request', known, wanted });
}

/**
 * Answers with a piece of this node's chain above what the asker has; certificates travel inside the blocks, the newest
 * beside them. A removed node gets no more than what proves its removal.
 */
export function handleBranchRequest(core: Core, from: NodeId, { known }: BranchRequest): void {
  if (comparePlaces(core.log.durableTip, known) <= 0) return;
  const { log, limits } = core;
  const removedAt = removalHeight(core, from);
  const heightMax = Math.min(log.durableHeight, lastHeightFor(core, removedAt));
  // The proof is above the removal, and may be some pieces away.
  const hasProof = removedAt !== undefined && known.height > removedAt && known.height >= heightMax;
  if (hasProof && log.has(known.height, known.hash)) {
    core.dismissed.add(from);
    return;
  }
  // What is certified here is in the chain of every voter that could be elected; below it nobody differs.
  const fork = log.has(known.height, known.hash) ? known.height : Math.min(known.height, core.certifiedHeight);
  const tip = present(log.tipAt(heightMax), 'what is sent is kept');
  const previous = log.tipAt(fork);
  if (previous === undefined) {
    // A snapshot stands for what comes next: the asker hears how far the chain is, and can ask for one.
    send(core, from, { type: 'branch-reply', previous: tip, blocks: [], tip });
    return;
  }
  const blocks: BlockReference[] = [];
  let bytes = 0;
  for (let height = fork + 1; height <= heightMax && blocks.length < limits.appendBlocksMax; height++) {
    const block = log.at(height);
    if (block === undefined || (blocks.length > 0 && bytes + block.byteLength > limits.appendBytesMax)) break;
    blocks.push(block);
    bytes += block.byteLength;
  }
  const { certificate } = core;
  const isCovered = certificate !== undefined && certificate.ack.height <= previous.height + blocks.length;
  send(core, from, {
    type: 'branch-reply',
    previous,
    blocks,
    tip,
    ...(isCovered && { certificate }),
  });
}

/** For a removed node: the first block that carries a certificate of its removal, or the newest certified one. */
function lastHeightFor(core: Core, removedAt: number | undefined): number {
  if (removedAt === undefined) return core.log.durableHeight;
  const first = Math.max(removedAt + 1, core.log.baseHeight);
  for (let height = first; height <= core.certifiedHeight; height++) {
    const certificate = core.log.at(height)?.justification.block;
    if (certificate !== undefined && certificate.ack.height >= removedAt) return height;
  }
  return core.certifiedHeight;
}

/**
 * A node that this one has never heard of may be of a configuration to come (scenario 65). While no leader is alive it is
 * asked for the blocks that prove it, as anybody would be; nothing else that it says is taken before. Its nonce is answered:
 * it may be waiting for this very node before it can say more.
 */
export function stepStranger(core: Core, from: NodeId, message: Message): string | undefined {
  if (message.type === 'branch-reply') return handleBranchReply(core, from, message);
  if (message.type === 'nonce-request') {
    handleNonceRequest(core, from, message.nonce);
    return undefined;
  }
  const wanted = newerTip(core, message);
  if (wanted === undefined || isLeaderLive(core)) return 'no node of the configuration';
  requestBranch(core, from, wanted, true);
  return undefined;
}

/** What a candidate or a leader claims to hold, when it is news here. */
function newerTip(core: Core, message: Message): Tip | undefined {
  const { tip } = core.log;
  switch (message.type) {
    case 'pre-vote-request':
      return comparePlaces(message.tip, tip) > 0 ? message.tip : undefined;
    case 'vote-request':
      return comparePlaces(message.statement.tip, tip) > 0 ? message.statement.tip : undefined;
    case 'heartbeat':
      return message.term > tip.term ? message.termCertificate?.request.tip : undefined;
    default:
      return undefined;
  }
}

/**
 * The election timer of a node without a vote ran out, or of one that withholds it: what its peers know may give it one,
 * or prove its removal. They are asked in turn, since some may be gone; also learners, which may have a vote by now, and
 * voters of what is certified that only the own tip removes: theirs may be the chain that goes on.
 */
export function askForNews(core: Core, turn: number): void {
  const peers = [...new Set([...admittedNodes(core), ...core.seeds])].filter((nodeId) => nodeId !== core.nodeId);
  const peer = peers[turn % peers.length];
  if (peer !== undefined) requestBranch(core, peer, core.log.tip, true);
}

/** Stages the piece, and asks for the next. A leader that is followed sends its chain itself. */
export function handleBranchReply(core: Core, from: NodeId, reply: BranchReply): string | undefined {
  const { branchSource } = core;
  if (branchSource?.nodeId !== from || core.leadership !== undefined || core.role === 'candidate') return undefined;
  if (core.leader !== undefined && !branchSource.wantsConfiguration) return undefined;
  const last = reply.blocks.at(-1);
  if (last === undefined) {
    core.awaitedHeight = Math.max(core.awaitedHeight, reply.tip.height);
    core.unkeptHeight = reply.tip.height;
    return undefined;
  }
  if (core.isInstalling) {
    core.awaitedHeight = Math.max(core.awaitedHeight, reply.tip.height);
    return undefined;
  }
  const outcome = stageBlocks(core, reply.previous, reply.blocks, Number.MAX_SAFE_INTEGER);
  // The certificate in the term's first block proves that the term was there. Whatever became of the rest: no block is
  // of a later term than the one promised.
  if (branchSource.wantsConfiguration) core.awaitedHeight = Math.max(core.awaitedHeight, reply.tip.height);
  const { tip } = core.staging;
  if (tip !== undefined && tip.term > core.persistence.term) adoptTerm(core, tip.term);
  const invalid = reply.certificate && learnCertificate(core, reply.certificate);
  advance(core);
  if (invalid !== undefined) return invalid;
  if (outcome.kind === 'broken') return `the branch breaks a rule: ${outcome.reason}`;
  if (outcome.kind === 'taken' && last.height < reply.tip.height) {
    send(core, from, { type: 'branch-request', known: tipOf(last), wanted: reply.tip });
  }
  return undefined;
}
