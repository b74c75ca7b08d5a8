import { assert, equalBytes } from '../base/index.ts';
import { checkBlock } from './block-rules.ts';
import { certify, learnCertificate, placeCertificates } from './certification.ts';
import { type Core, reachesMark } from './core.ts';
import { areTwoHeaders } from './evidence.ts';
import { sameTip, tipOf } from './statements.ts';
import { askNonces } from './tripwire.ts';
import type { BlockReference, Hash, Tip, Verdict } from './types.ts';

/** How far received blocks got. */
export type StageOutcome =
  /** Every block is in the chain or staged. */
  | { readonly kind: 'taken' }
  /** The block that they stand on is not here. */
  | { readonly kind: 'unknown-previous' }
  /** No room: what fits was taken. */
  | { readonly kind: 'full' }
  /** A block breaks a rule. */
  | { readonly kind: 'broken'; readonly block: BlockReference; readonly reason: string };

const taken: StageOutcome = { kind: 'taken' };

/**
 * Takes received blocks that stand on `previous`: skips what is here, stages the rest. `leaderTerm` is the term whose
 * leader sent them; no block may be of a later one.
 */
export function stageBlocks(
  core: Core,
  previous: Tip,
  blocks: readonly BlockReference[],
  leaderTerm: number,
): StageOutcome {
  if (!isHere(core, previous.height, previous.hash)) return { kind: 'unknown-previous' };
  let parentTip = previous;
  for (const block of blocks) {
    if (block.term > leaderTerm) return { kind: 'broken', block, reason: 'term-of-the-future' };
    if (!isLinked(block, parentTip)) return { kind: 'broken', block, reason: 'parent' };
    if (isHere(core, block.height, block.hash)) {
      noteKeptCertificate(core, block);
    } else {
      const outcome = stage(core, block, leaderTerm);
      if (outcome !== undefined) return outcome;
    }
    parentTip = tipOf(block);
  }
  return taken;
}

/** Executes, persists and certifies whatever can go on now. */
export function advance(core: Core): void {
  placeCertificates(core);
  const { fork } = core.staging;
  // A branch that parts below what is certified by now can never be followed.
  if (fork !== undefined && fork.height < core.certifiedHeight) drop(core, 0);
  requestExecutions(core);
  promote(core);
}

/** Takes the ledger's answer. Answers the refused block and why, when it was not certified. */
export function takeVerdict(
  core: Core,
  hash: Hash,
  verdict: Verdict,
): { readonly block: BlockReference; readonly reason: string } | undefined {
  const staged = core.staging.blocks.find((candidate) => equalBytes(candidate.block.hash, hash));
  // It was abandoned meanwhile.
  if (staged === undefined || staged.state !== 'executing') return undefined;
  if (verdict.ok) {
    staged.state = 'executed';
    advance(core);
    return undefined;
  }
  const { block } = staged;
  if (!staged.asCertified && core.staging.isCovered(block.height)) {
    // The certificate came while it was refused, say for its time: nothing but execution counts now.
    for (const above of core.staging.blocks) if (above.block.height >= block.height) above.state = 'waiting';
    advance(core);
    return undefined;
  }
  drop(core, block.height);
  return { block, reason: verdict.reason };
}

/** Drops staged blocks from this height on. */
export function drop(core: Core, height: number): void {
  for (const hash of core.staging.dropFrom(height)) core.effects.abandoned.push(hash);
}

/**
 * Whether a chain with this block lacks a block that is certified in this node's. No honest run has such a chain
 * (Raft §5.4.3, leader completeness), so whoever offers it, or asks for votes with it, is refused.
 */
export function contradictsCertified(core: Core, tip: Tip): boolean {
  const own = tip.height <= core.certifiedHeight ? core.log.tipAt(tip.height) : undefined;
  return own !== undefined && !sameTip(own, tip);
}

function isLinked(block: BlockReference, parent: Tip): boolean {
  return block.height === parent.height + 1 && equalBytes(block.parentHash, parent.hash) && block.term >= parent.term;
}

function isHere(core: Core, height: number, hash: Hash): boolean {
  // What a snapshot stands for is certified: there is nothing to compare, and nothing to take.
  if (height < core.log.baseHeight) return true;
  return core.log.has(height, hash) || core.staging.has(height, hash);
}

/** Stages one block whose parent is here and which is not. */
function stage(core: Core, block: BlockReference, leaderTerm: number): StageOutcome | undefined {
  const { log, staging } = core;
  const parentHeight = block.height - 1;
  const onBranch = staging.has(parentHeight, block.parentHash);
  const rival = onBranch ? undefined : log.at(block.height);
  for (const other of [rival, staging.at(block.height)?.block]) {
    if (other !== undefined && areTwoHeaders(core, other, block) && block.term === leaderTerm) {
      return { kind: 'broken', block, reason: 'two-headers' };
    }
  }
  if (!onBranch && parentHeight < core.certifiedHeight) {
    return { kind: 'broken', block, reason: 'contradicts-a-certified-block' };
  }
  const find = (height: number): BlockReference | undefined =>
    onBranch && staging.fork !== undefined && height > staging.fork.height ? staging.at(height)?.block : log.at(height);
  const parent = find(parentHeight);
  const parentTip = parent === undefined ? log.tipAt(0) : tipOf(parent);
  assert(parentTip !== undefined, 'the chain has a start');
  const forkHeight = onBranch && staging.fork !== undefined ? staging.fork.height : parentHeight;
  const reason = checkBlock(core, block, parent, parentTip, forkHeight, find);
  if (reason !== undefined) return { kind: 'broken', block, reason };
  if (!onBranch) {
    drop(core, 0);
    staging.start(parentTip);
  } else drop(core, block.height);
  if (!staging.push(block)) return { kind: 'full' };
  const { block: certificate } = block.justification;
  if (certificate !== undefined) noteAncestorCertificate(core, certificate);
  return undefined;
}

/** A certificate inside a staged block, verified with it, may be news of the chain or cover the branch below. */
function noteAncestorCertificate(core: Core, certificate: NonNullable<BlockReference['justification']['block']>): void {
  const { height, blockHash } = certificate.ack;
  if (core.staging.has(height, blockHash)) core.staging.cover(certificate);
  else if (height > core.certifiedHeight) learnCertificate(core, certificate);
}

/**
 * A certificate inside a block that is here already was verified with it, and may have been forgotten by a restart since:
 * certificates wait for a batch to ride in. For a removed node it can be the only proof of that it is ever sent.
 */
function noteKeptCertificate(core: Core, { justification }: BlockReference): void {
  const { block: certificate } = justification;
  if (certificate !== undefined && certificate.ack.height > core.certifiedHeight) learnCertificate(core, certificate);
}

/** Whether the staged branch may take the tail's place once it is executed. */
function mayEnter(core: Core): boolean {
  const { fork, blocks } = core.staging;
  if (fork === undefined) return false;
  return fork.height === core.log.tip.height || blocks.some(({ block }) => block.term > core.log.tip.term);
}

function requestExecutions(core: Core): void {
  if (!mayEnter(core)) return;
  const awaitedHeight = Math.max(core.awaitedHeight, core.unplaced?.ack.height ?? 0);
  for (const staged of core.staging.blocks) {
    if (staged.state !== 'waiting') continue;
    const { height } = staged.block;
    const certified = core.staging.isCovered(height);
    // Old blocks wait for the certificate that will cover them: without it the clock would refuse them.
    if (!certified && height <= awaitedHeight) return;
    staged.state = 'executing';
    staged.asCertified = certified;
    core.effects.requestExecution(staged.block, certified);
  }
}

/** Moves executed blocks into the chain; a diverging branch only when that raises the term of the tip, and as a whole. */
function promote(core: Core): void {
  const { staging, log, persistence } = core;
  const { fork, certificate } = staging;
  if (fork === undefined) return;
  const waiting = staging.blocks.findIndex((staged) => staged.state !== 'executed');
  const count = waiting === -1 ? staging.blocks.length : waiting;
  const last = staging.blocks[count - 1];
  if (last === undefined) return;
  assert(core.role !== 'leader' && core.role !== 'candidate', 'a claimed tip does not move');
  assert(last.block.term <= persistence.term, 'no block is of a later term than the one promised');
  if (fork.height < log.tip.height) {
    if (last.block.term <= log.tip.term) return;
    assert(fork.height >= core.certifiedHeight, 'what is certified stays');
    for (const lost of log.truncateAbove(fork.height)) core.effects.abandoned.push(lost.hash);
    persistence.truncateAbove(fork.height);
  }
  for (const block of staging.shift(count)) {
    log.append(block);
    persistence.append(block);
    if (block.justification.configuration !== undefined) askNonces(core);
  }
  if (core.lostMark !== undefined && reachesMark(log, core.lostMark)) core.lostMark = undefined;
  if (certificate !== undefined && certificate.ack.height <= log.tip.height) certify(core, certificate);
  placeCertificates(core);
}
