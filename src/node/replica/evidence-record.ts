import { concatBytes, equalBytes, present } from '../../base/index.ts';
import type { Configuration, Evidence, SignedHeader } from '../../consensus/index.ts';
import { decodeNodeId, type NodeId } from '../../crypto/index.ts';
import { decodeSignedHeader } from '../../ledger/index.ts';
import { type EvidenceRecord, evidenceRecord } from '../../verify/index.ts';

const hashBytes = 32;

/** Where the headers and configurations are that consensus names by hash. */
export interface EvidenceSources {
  readonly ledgerId: Uint8Array;
  /** Of the node's key. Undefined for one that never was in the ledger. */
  generationOf(nodeId: NodeId): number | undefined;
  recentHeader(hash: Uint8Array): SignedHeader | undefined;
  /** That of the durable block at this height. */
  signedHeader(height: number): SignedHeader | undefined;
  configuration(hash: Uint8Array): Configuration | undefined;
}

type Header = ReturnType<typeof decodeSignedHeader>;

/**
 * What consensus noticed, as a record that needs nothing else. Undefined where a header or a configuration that belongs
 * to it is not to be had any more.
 */
export function recordOfEvidence(evidence: Evidence, sources: EvidenceSources): EvidenceRecord | undefined {
  const { ledgerId } = sources;
  const { kind } = evidence;
  const generation = sources.generationOf(evidence.culprit);
  const culprit = present(decodeNodeId(evidence.culprit), 'consensus names nodes by their ids');
  const parts = partsOf(evidence, sources);
  return parts === undefined || generation === undefined
    ? undefined
    : evidenceRecord({ kind, ledgerId, generation, culprit, ...parts });
}

function partsOf(
  { kind, first, second }: Evidence,
  sources: EvidenceSources,
): Pick<EvidenceRecord, 'first' | 'second' | 'context'> | undefined {
  switch (kind) {
    case 'two-headers': {
      const [one, other] = headersOf(first, second, 0, sources);
      return one && other && { first: signed(one), second: signed(other), context: [] };
    }
    case 'broken-claim': {
      const header = headerOf(second, sources);
      const bytes = header && configurationBytes(header, sources);
      return header && bytes && { first, second: signed(header), context: [bytes] };
    }
    case 'broken-change': {
      const [header, parent] = headersOf(first.subarray(0, hashBytes), second, 1, sources);
      const before = parent && configurationBytes(parent, sources);
      const context = [first.slice(hashBytes), ...(before === undefined ? [] : [before])];
      return header && parent && { first: signed(header), second: signed(parent), context };
    }
    default:
      return { first, second, context: [] };
  }
}

/** Two headers, of which the second stands `below` the first; the older of them may be on the disk only. */
function headersOf(
  one: Uint8Array,
  other: Uint8Array,
  below: number,
  sources: EvidenceSources,
): readonly [Header | undefined, Header | undefined] {
  const [first, second] = [headerOf(one, sources), headerOf(other, sources)];
  return [
    first ?? (second && durableHeader(one, second.header.height + below, sources)),
    second ?? (first && durableHeader(other, first.header.height - below, sources)),
  ];
}

function headerOf(hash: Uint8Array, sources: EvidenceSources): Header | undefined {
  const bytes = sources.recentHeader(hash);
  return bytes && decodeSignedHeader(bytes);
}

function durableHeader(hash: Uint8Array, height: number, sources: EvidenceSources): Header | undefined {
  const bytes = sources.signedHeader(height);
  const header = bytes && decodeSignedHeader(bytes);
  return header && equalBytes(header.hash, hash) ? header : undefined;
}

function configurationBytes({ header }: Header, sources: EvidenceSources): Uint8Array | undefined {
  return sources.configuration(header.configurationHash)?.bytes;
}

function signed({ headerBytes, headerSignature }: Header): Uint8Array {
  return concatBytes(headerBytes, headerSignature);
}
