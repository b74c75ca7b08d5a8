import { AssentError, toHex } from '../../base/index.ts';
import { encodeDid } from '../../crypto/index.ts';
import type { SplitView } from '../../verify/index.ts';
import { shortHash } from './words.ts';

/** The failure that a split view is: who signed both, and where the evidence is. */
export function splitError(split: SplitView, evidenceFile: string | undefined): AssentError {
  const { verdict, height, ledgerId, views, signedBoth, cosignedBoth } = split;
  const [one, other] = views;
  const both = [
    ...(signedBoth.length === 0 ? [] : [`nodes that signed both: ${signedBoth.join(', ')}`]),
    ...(cosignedBoth.length === 0 ? [] : [`witnesses that cosigned both: ${cosignedBoth.map(encodeDid).join(', ')}`]),
  ];
  const why =
    verdict === 'split'
      ? 'the ledger showed two histories'
      : 'a recovery by the members abandoned one of the two histories';
  const rest = [...both, ...(evidenceFile === undefined ? [] : [`evidence: ${evidenceFile}`])];
  const sentence = `Block ${height} of the ledger ${shortHash(toHex(ledgerId))} is certified twice, as ${shortHash(toHex(one.blockHash))} and as ${shortHash(toHex(other.blockHash))}: ${[why, ...rest].join('; ')}.`;
  return new AssentError(verdict === 'split' ? 'checkpoint-split' : 'checkpoint-abandoned', sentence, {
    height,
    ledgerId: toHex(ledgerId),
    first: toHex(one.blockHash),
    second: toHex(other.blockHash),
    signedBoth: signedBoth.join(' '),
    cosignedBoth: cosignedBoth.map(encodeDid).join(' '),
    ...(evidenceFile !== undefined && { evidence: evidenceFile }),
  });
}
