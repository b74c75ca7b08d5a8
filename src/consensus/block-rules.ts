import { equalBytes } from '../base/index.ts';
import { configurationAt, configurationOf } from './configuration-lookup.ts';
import type { Core } from './core.ts';
import { reportBrokenClaim, witnessBlockCertificate, witnessTermCertificate } from './evidence.ts';
import { isAckOf, sameTip } from './statements.ts';
import type { BlockCertificate, BlockReference, TermCertificate, Tip } from './types.ts';

/**
 * Whether a block may stand on its parent, as far as consensus can tell (protocol.md §4, §5): links, terms, the right to
 * lead, certificates. Answers why not, or undefined. `find` reads the branch that the parent ends.
 */
export function checkBlock(
  core: Core,
  block: BlockReference,
  parent: BlockReference | undefined,
  parentTip: Tip,
  find: (height: number) => BlockReference | undefined,
): string | undefined {
  if (block.height !== parentTip.height + 1 || !equalBytes(block.parentHash, parentTip.hash)) return 'parent';
  if (block.term < parentTip.term || block.term < 1) return 'term-falls';
  const configurationHash = parent?.configurationHash ?? core.genesisConfiguration.hash;
  // Configurations are fixed from genesis so far; a change would have to justify itself here.
  if (!equalBytes(block.configurationHash, configurationHash)) return 'configuration-change';
  const { term: termCertificate, block: blockCertificate } = block.justification;
  if (block.term > parentTip.term) {
    if (termCertificate === undefined) return 'term-certificate-missing';
    const reason = checkRightToLead(core, block, parentTip, termCertificate);
    if (reason !== undefined) return reason;
  } else {
    if (termCertificate !== undefined) return 'term-certificate-repeated';
    if (block.proposer !== parent?.proposer) return 'proposer';
  }
  return blockCertificate && checkAncestorCertificate(core, blockCertificate, parentTip.height, find);
}

/** A term's first block extends the very tip that its leader claimed when it asked for votes. */
function checkRightToLead(
  core: Core,
  block: BlockReference,
  parentTip: Tip,
  certificate: TermCertificate,
): string | undefined {
  const { request } = certificate;
  if (request.term !== block.term || request.candidate !== block.proposer) return 'term-certificate-of-another';
  if (!isValidTermCertificate(core, certificate)) return 'term-certificate-invalid';
  if (sameTip(request.tip, parentTip)) return undefined;
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
  if (ack.height > parentHeight) return 'certificate-of-no-ancestor';
  const certified = find(ack.height);
  if (certified === undefined || !isAckOf(ack, certified)) return 'certificate-of-no-ancestor';
  return isValidBlockCertificate(core, certificate) ? undefined : 'certificate-invalid';
}

export function isValidBlockCertificate(core: Core, certificate: BlockCertificate): boolean {
  const configuration = configurationOf(core, certificate.ack.configurationHash);
  const verdict =
    configuration === undefined ? 'invalid' : core.known.checkBlock(certificate, configuration, core.signedAck);
  if (verdict === 'verified') witnessBlockCertificate(core, certificate);
  return verdict !== 'invalid';
}

export function isValidTermCertificate(core: Core, certificate: TermCertificate): boolean {
  const configuration = configurationAt(core, certificate.request.tip);
  const verdict = configuration === undefined ? 'invalid' : core.known.checkTerm(certificate, configuration);
  if (verdict === 'verified') witnessTermCertificate(core, certificate);
  return verdict !== 'invalid';
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
