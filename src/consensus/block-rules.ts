import { equalBytes } from '../base/index.ts';
import { configurationAfter, configurationOf } from './configuration-lookup.ts';
import { stepBetween } from './configurations.ts';
import type { Core } from './core.ts';
import { reportBrokenChange, reportBrokenClaim, witnessBlockCertificate, witnessTermCertificate } from './evidence.ts';
import { checkRecovery, isAbandoned } from './recovery.ts';
import { isAckOf, sameTip } from './statements.ts';
import type { BlockCertificate, BlockReference, Configuration, Hash, TermCertificate, Tip } from './types.ts';

/**
 * Whether a block may stand on its parent, as far as consensus can tell (protocol.md §4, §5): links, terms, the right to
 * lead, certificates, configuration. Answers why not, or undefined. `find` reads the branch that the parent ends, which
 * parts from the own chain above `forkHeight`.
 */
export function checkBlock(
  core: Core,
  block: BlockReference,
  parent: BlockReference | undefined,
  parentTip: Tip,
  forkHeight: number,
  find: (height: number) => BlockReference | undefined,
): string | undefined {
  if (block.height !== parentTip.height + 1 || !equalBytes(block.parentHash, parentTip.hash)) return 'parent';
  if (block.term < parentTip.term || block.term < 1) return 'term-falls';
  // First of all: whatever else the block carries counts under what it founds.
  const founded = checkRecovery(core, block, parent, parentTip);
  if (founded.kind === 'broken') return founded.reason;
  const before = founded.kind === 'founded' ? founded.configuration : configurationAfter(core, parent);
  const { term: termCertificate, block: blockCertificate } = block.justification;
  if (block.term > parentTip.term) {
    if (termCertificate === undefined) return 'term-certificate-missing';
    const reason = checkRightToLead(core, block, parentTip, before, termCertificate);
    if (reason !== undefined) return reason;
  } else {
    if (termCertificate !== undefined) return 'term-certificate-repeated';
    if (block.proposer !== parent?.proposer) return 'proposer';
  }
  const reason = blockCertificate && checkAncestorCertificate(core, blockCertificate, parentTip.height, find);
  if (reason !== undefined || founded.kind === 'founded') return reason;
  return checkConfiguration(core, block, parent, forkHeight, find);
}

/**
 * A block leaves the configuration as it is, or says which comes and why it may: one step from the one before, which is
 * certified, by a leader that has certified a block of its own term (protocol.md §5, "Configurations"). The second is
 * what keeps two leaders from stepping apart on the same configuration (Ongaro, raft-dev, 2015-07-10).
 */
function checkConfiguration(
  core: Core,
  block: BlockReference,
  parent: BlockReference | undefined,
  forkHeight: number,
  find: (height: number) => BlockReference | undefined,
): string | undefined {
  const before = configurationAfter(core, parent);
  const { configuration, block: certificate } = block.justification;
  if (configuration === undefined && equalBytes(block.configurationHash, before.hash)) return undefined;
  const reason =
    configuration === undefined
      ? 'configuration-missing'
      : stepBetween(before, configuration) === undefined
        ? 'configuration-step'
        : certificate?.ack.term !== block.term
          ? 'change-without-certificate-of-its-term'
          : certificate.ack.height < changeHeightBelow(core, block, forkHeight, find)
            ? 'change-before-certificate-of-the-last'
            : undefined;
  if (reason !== undefined && parent !== undefined) reportBrokenChange(core, block, parent);
  else if (configuration !== undefined) core.configurations.learn(configuration);
  return reason;
}

/** The newest change below a block: in the branch that is staged, or in the own chain that it parts from. */
function changeHeightBelow(
  core: Core,
  block: BlockReference,
  forkHeight: number,
  find: (height: number) => BlockReference | undefined,
): number {
  for (let height = block.height - 1; height > forkHeight; height--)
    if (find(height)?.justification.configuration !== undefined) return height;
  return core.log.changeHeightAt(forkHeight);
}

/** A term's first block extends the very tip that its leader claimed when it asked for votes. */
function checkRightToLead(
  core: Core,
  block: BlockReference,
  parentTip: Tip,
  before: Configuration,
  certificate: TermCertificate,
): string | undefined {
  const { request } = certificate;
  if (request.term !== block.term || request.candidate !== block.proposer) return 'term-certificate-of-another';
  if (!isValidTermCertificate(core, certificate)) return 'term-certificate-invalid';
  if (sameTip(request.tip, parentTip) && equalBytes(request.configurationHash, before.hash)) return undefined;
  reportBrokenClaim(core, certificate, block);
  return 'claim-broken';
}

function checkAncestorCertificate(
  core: Core,
  certificate: BlockCertificate,
  parentHeight: number,
  find: (height: number) => BlockReference | undefined,
): string | undefined {
  const { ack } = certificate;
  if (ack.height < 1 || ack.height > parentHeight) return 'certificate-of-no-ancestor';
  // A chain that begins with a snapshot has no block to compare a certificate from before it with: the signatures count.
  if (ack.height >= core.log.baseHeight) {
    const certified = find(ack.height);
    if (certified === undefined || !isAckOf(ack, certified)) return 'certificate-of-no-ancestor';
  }
  return isValidBlockCertificate(core, certificate) ? undefined : 'certificate-invalid';
}

export function isValidBlockCertificate(core: Core, certificate: BlockCertificate): boolean {
  const { configurationHash, height } = certificate.ack;
  const configuration = configurationOf(core, configurationHash);
  const verdict =
    configuration === undefined || isAbandoned(core, configuration, height)
      ? 'invalid'
      : core.known.checkBlock(certificate, configuration, core.signedAck);
  if (verdict === 'verified') witnessBlockCertificate(core, certificate);
  return verdict !== 'invalid';
}

/** False also when the configuration that it names is not known here: see {@link isCountable}. */
export function isValidTermCertificate(core: Core, certificate: TermCertificate): boolean {
  const configuration = configurationOf(core, certificate.request.configurationHash);
  const verdict = configuration === undefined ? 'invalid' : core.known.checkTerm(certificate, configuration);
  if (verdict === 'verified') witnessTermCertificate(core, certificate);
  return verdict !== 'invalid';
}

/** Whether this node knows the configuration whose majority a certificate claims to be. */
export function isCountable(core: Core, configurationHash: Hash): boolean {
  return configurationOf(core, configurationHash) !== undefined;
}

/** The certificate of the term of a block in this node's chain: its first block of the term carries it. */
export function termCertificateOf(core: Core, tip: Tip): TermCertificate | undefined {
  return core.known.term(tip.term) ?? core.chain.termCertificate(tip.term) ?? findTermCertificate(core, tip);
}

/** Terms never fall along a chain: the first block of a term, however long it lasted, is a few reads away. */
function findTermCertificate(core: Core, tip: Tip): TermCertificate | undefined {
  let below = 0;
  let first = tip.height;
  while (first - below > 1) {
    const middle = Math.floor((below + first) / 2);
    if (core.log.at(middle)?.term === tip.term) first = middle;
    else below = middle;
  }
  return core.log.at(first)?.justification.term;
}
