import { present } from '../base/index.ts';
import { isCountable, isValidBlockCertificate } from './block-rules.ts';
import type { Core } from './core.ts';
import { witnessRivalCertificates } from './evidence.ts';
import { isAckOf } from './statements.ts';
import type { BlockCertificate } from './types.ts';

/**
 * Takes a certificate from a peer. It is verified once, whether or not its block is here; it commits only when its block
 * is in this node's own chain. Answers why it is invalid, or undefined.
 */
export function learnCertificate(core: Core, certificate: BlockCertificate): string | undefined {
  const { height } = certificate.ack;
  if (height <= core.certifiedHeight) return learnOldCertificate(core, certificate);
  const { unplaced } = core;
  const isLower = unplaced !== undefined && height < unplaced.ack.height;
  if (isLower && core.log.at(height) === undefined && core.staging.at(height) === undefined) return undefined;
  if (!isCountable(core, certificate.ack.configurationHash)) {
    // The blocks on the way to it say what it counts under; until then it says only that those are old.
    core.awaitedHeight = Math.max(core.awaitedHeight, height);
    return undefined;
  }
  if (!isValidBlockCertificate(core, certificate)) return 'the certificate does not verify';
  if (unplaced === undefined || height > unplaced.ack.height) core.unplaced = certificate;
  else place(core, certificate);
  placeCertificates(core);
  return undefined;
}

/** Nothing new, unless it certifies another block than the one of this chain: that is kept as proof, and not followed. */
function learnOldCertificate(core: Core, certificate: BlockCertificate): string | undefined {
  const { height, term, blockHash } = certificate.ack;
  const block = core.log.at(height);
  const own = block?.term === term && !core.log.has(height, blockHash) ? core.known.block(block.hash) : undefined;
  if (own === undefined || !isCountable(core, certificate.ack.configurationHash)) return undefined;
  if (!isValidBlockCertificate(core, certificate)) return 'the certificate does not verify';
  witnessRivalCertificates(core, own, certificate);
  return undefined;
}

/** Commits, or covers a staged branch, with the highest certificate known that has found its block. */
export function placeCertificates(core: Core): void {
  const { unplaced } = core;
  if (unplaced !== undefined && place(core, unplaced)) core.unplaced = undefined;
}

/** True when nothing is left to do with the certificate. */
function place(core: Core, certificate: BlockCertificate): boolean {
  const { height } = certificate.ack;
  if (height <= core.certifiedHeight) return true;
  const block = core.log.at(height);
  if (block !== undefined && isAckOf(certificate.ack, block)) {
    certify(core, certificate);
    return true;
  }
  const staged = core.staging.at(height);
  if (staged !== undefined && isAckOf(certificate.ack, staged.block)) core.staging.cover(certificate);
  return false;
}

/** A block of this chain is certified, and with it every ancestor: the commit height rises. */
export function certify(core: Core, certificate: BlockCertificate): void {
  if (certificate.ack.height <= core.certifiedHeight) return;
  core.certifiedHeight = certificate.ack.height;
  core.certificate = certificate;
  core.persistence.keepCertificate(certificate);
  emitCommitted(core);
}

/** Hands over what is certified and durable here; what is certified before the own sync waits for it. */
export function emitCommitted(core: Core): void {
  const { certificate } = core;
  if (certificate === undefined) return;
  const until = Math.min(core.certifiedHeight, core.log.durableHeight);
  while (core.emittedHeight < until) {
    core.emittedHeight += 1;
    const block = present(core.log.at(core.emittedHeight), 'a certified block is in the chain');
    core.effects.committed.push({ block, certificate });
  }
  core.log.trimBelow(core.certifiedHeight);
}
