import { present } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { isVoter } from './configuration-lookup.ts';
import type { Core } from './core.ts';
import { advance, stageBlocks } from './growth.ts';
import { adoptTerm, send } from './roles.ts';
import { comparePlaces, tipOf } from './statements.ts';
import type { BlockReference, Message, Tip } from './types.ts';

type BranchRequest = Extract<Message, { type: 'branch-request' }>;
type BranchReply = Extract<Message, { type: 'branch-reply' }>;

/**
 * A pre-candidate was refused for its lower tip: it asks the refuser for the branch (protocol.md §5, "Catching up"). It
 * starts at what is certified here, which is in the refuser's chain too; above it the two may have parted.
 */
export function requestBranch(core: Core, from: NodeId, wanted: Tip): void {
  core.branchSource = from;
  const known = present(core.log.tipAt(core.certifiedHeight), 'what is certified is in the chain');
  send(core, from, { type: 'branch-request', known, wanted });
}

/** Answers with a piece of this node's chain above what the asker has; certificates travel inside the blocks. */
export function handleBranchRequest(core: Core, from: NodeId, { known }: BranchRequest): void {
  if (!isVoter(core, from) || comparePlaces(core.log.durableTip, known) <= 0) return;
  const { log, limits } = core;
  // What is certified here is in the chain of every voter that could be elected; below it nobody differs.
  const fork = log.has(known.height, known.hash) ? known.height : Math.min(known.height, core.certifiedHeight);
  const previous = log.tipAt(fork);
  if (previous === undefined) return;
  const blocks: BlockReference[] = [];
  let bytes = 0;
  for (let height = fork + 1; height <= log.durableHeight && blocks.length < limits.appendBlocksMax; height++) {
    const block = log.at(height);
    if (block === undefined || (blocks.length > 0 && bytes + block.byteLength > limits.appendBytesMax)) break;
    blocks.push(block);
    bytes += block.byteLength;
  }
  send(core, from, { type: 'branch-reply', previous, blocks, termCertificates: [], tip: log.durableTip });
}

/** Stages the piece, and asks for the next. A leader that is followed sends its chain itself. */
export function handleBranchReply(core: Core, from: NodeId, reply: BranchReply): string | undefined {
  if (core.branchSource !== from || core.leader !== undefined || core.role === 'candidate') return undefined;
  const last = reply.blocks.at(-1);
  if (last === undefined) return undefined;
  const outcome = stageBlocks(core, reply.previous, reply.blocks, Number.MAX_SAFE_INTEGER);
  // The certificate in the term's first block proves that the term was there. Whatever became of the rest: no block is
  // of a later term than the one promised.
  const { tip } = core.staging;
  if (tip !== undefined && tip.term > core.persistence.term) adoptTerm(core, tip.term);
  advance(core);
  if (outcome.kind === 'broken') return `the branch breaks a rule: ${outcome.reason}`;
  if (outcome.kind === 'taken' && last.height < reply.tip.height) {
    send(core, from, { type: 'branch-request', known: tipOf(last), wanted: reply.tip });
  }
  return undefined;
}
