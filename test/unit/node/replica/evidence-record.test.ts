import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../../../src/base/index.ts';
import { encodeJustification } from '../../../../src/consensus/index.ts';
import { encodeNodeId, sha256 } from '../../../../src/crypto/index.ts';
import { decodeHeader, encodeSignedHeader } from '../../../../src/ledger/index.ts';
import { type EvidenceSources, recordOfEvidence } from '../../../../src/node/replica/evidence-record.ts';
import { decodeEvidence, encodeEvidence, verifyEvidence } from '../../../../src/verify/index.ts';
import {
  configuration,
  configurationOf,
  consensusForm,
  hashOf,
  headerHash,
  ledgerId,
  liar,
  requestOf,
  second,
  signedHeader,
  stranger,
  termCertificate,
  third,
  tip,
} from '../../verify/forge-evidence.ts';

const culprit = encodeNodeId(liar.publicKey);

/** A node that remembers some headers, has others on its disk, and knows these configurations. */
function sourcesWith(recent: readonly Uint8Array[], durable: readonly Uint8Array[] = []): EvidenceSources {
  const signed = (header: Uint8Array): Uint8Array =>
    encodeSignedHeader({ headerBytes: header.slice(0, -64), headerSignature: header.slice(-64) });
  const found = (header: Uint8Array | undefined): Uint8Array | undefined => header && signed(header);
  return {
    ledgerId,
    generationOf: () => 0,
    recentHeader: (hash) => found(recent.find((header) => equalBytes(sha256(header.slice(0, -64)), hash))),
    signedHeader: (height) => found(durable.find((header) => decodeHeader(header.slice(0, -64)).height === height)),
    configuration: (hash) => (equalBytes(hash, configuration.hash) ? consensusForm(configuration) : undefined),
  };
}

function proved(evidence: Parameters<typeof recordOfEvidence>[0], sources: EvidenceSources): string | undefined {
  const record = recordOfEvidence(evidence, sources);
  return record && verifyEvidence(decodeEvidence(encodeEvidence(record))).deed;
}

describe('what consensus noticed, as a record', () => {
  const other = { timestamp: 2_000_000 };
  const twoHeaders = { kind: 'two-headers', culprit, first: headerHash(), second: headerHash(other) } as const;

  it('has both headers, also where the older one is on the disk only', () => {
    const deed = 'sealed two blocks of height 7 in term 3';
    expect(proved(twoHeaders, sourcesWith([signedHeader(), signedHeader(other)]))).toBe(deed);
    expect(proved(twoHeaders, sourcesWith([signedHeader(other)], [signedHeader()]))).toBe(deed);
  });

  it('is none while a header is missing', () => {
    expect(proved(twoHeaders, sourcesWith([signedHeader(other)]))).toBeUndefined();
    expect(proved(twoHeaders, sourcesWith([signedHeader(other)], [signedHeader({ term: 2 })]))).toBeUndefined();
  });

  it('of a broken claim has the configuration', () => {
    const certificate = termCertificate(requestOf(3, liar, tip(2, 6)), [liar, second]);
    const evidence = { kind: 'broken-claim', culprit, first: certificate, second: headerHash() } as const;
    expect(proved(evidence, sourcesWith([signedHeader()]))).toContain('was elected to term 3');
    const hidden = { configurationHash: hashOf('unknown') };
    const unknown = { ...evidence, second: headerHash(hidden) };
    expect(proved(unknown, sourcesWith([signedHeader(hidden)]))).toBeUndefined();
  });

  it('of a broken change has the justification, and the configuration before', () => {
    const two = consensusForm(configurationOf([liar, second, third, stranger]));
    const justification = encodeJustification({ configuration: two });
    const parent = { height: 6, proposer: second.publicKey };
    const change = {
      parentHash: headerHash(parent),
      configurationHash: two.hash,
      justificationHash: sha256(justification),
    };
    const first = concatBytes(headerHash(change), justification);
    const evidence = { kind: 'broken-change', culprit, first, second: headerHash(parent) } as const;
    const sources = sourcesWith([signedHeader(change)], [signedHeader(parent, second)]);
    expect(proved(evidence, sources)).toContain('by more or less than one step');
  });
});
