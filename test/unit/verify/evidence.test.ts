import { describe, expect, it } from 'vitest';
import { AssentError } from '../../../src/base/index.ts';
import { encodeJustification } from '../../../src/consensus/index.ts';
import { encodeNodeId, sha256 } from '../../../src/crypto/index.ts';
import { type EvidenceRecord, verifyEvidence } from '../../../src/verify/index.ts';
import {
  ackOf,
  configuration,
  configurationOf,
  consensusForm,
  hashOf,
  headerHash,
  ledgerId,
  liar,
  noJustification,
  record,
  requestOf,
  second,
  signedAck,
  signedHeader,
  signedRequest,
  signedVote,
  stranger,
  termCertificate,
  third,
  tip,
} from './forge-evidence.ts';

const culprit = encodeNodeId(liar.publicKey);

function refusal(evidence: EvidenceRecord): string {
  try {
    verifyEvidence(evidence);
  } catch (error) {
    if (error instanceof AssentError && error.code === 'verification-failed') return error.message;
    throw error;
  }
  return 'it was taken';
}

/** Each near miss with the reason that it is none. */
function refuses(misses: Readonly<Record<string, readonly [evidence: EvidenceRecord, reason: RegExp]>>): void {
  it.each(Object.entries(misses))('is not %s', (_, [evidence, reason]) => {
    expect(refusal(evidence)).toMatch(reason);
  });
}

describe('two headers of one height (i)', () => {
  const first = signedHeader();
  const other = signedHeader({ timestamp: 1_000_001 });

  it('name their key', () => {
    expect(verifyEvidence(record('two-headers', first, other))).toEqual({
      kind: 'two-headers',
      ledgerId,
      generation: 0,
      culprit,
      term: 3,
      deed: 'sealed two blocks of height 7 in term 3',
    });
  });

  refuses({
    'one header twice': [record('two-headers', first, first), /equal/],
    'one header under two signatures': [
      record('two-headers', first, Uint8Array.from([...first.slice(0, -64), ...signedHeader({}, second).slice(-64)])),
      /does not verify/,
    ],
    'headers of two heights': [record('two-headers', first, signedHeader({ height: 8 })), /different heights/],
    'headers of two terms': [record('two-headers', first, signedHeader({ term: 4 })), /different heights or terms/],
    "another key's header, whose bytes come first": [
      record('two-headers', first, signedHeader({ proposer: second.publicKey, timestamp: 1 }, second)),
      /of another key/,
    ],
    "another key's header, whose bytes come last": [
      record('two-headers', first, signedHeader({ proposer: second.publicKey, timestamp: 2_000_000 }, second)),
      /of another key/,
    ],
    'a header that another signed in its name': [
      record('two-headers', first, signedHeader({ timestamp: 1 }, second)),
      /does not verify/,
    ],
    'a header of another ledger': [
      record('two-headers', first, signedHeader({ ledgerId: hashOf('elsewhere') })),
      /another ledger/,
    ],
    'a context': [record('two-headers', first, other, { context: [noJustification] }), /no context/],
    'bytes that are no header': [record('two-headers', first, new Uint8Array(100)), /proves nothing/],
    'less than a signature': [record('two-headers', first, new Uint8Array(10)), /another length/],
  });
});

describe('two acks of one height (ii)', () => {
  const first = signedAck(ackOf(tip(3, 7)));

  it('name their key', () => {
    const verdict = verifyEvidence(record('two-acks', first, signedAck(ackOf(tip(3, 7, 'fork')))));
    expect(verdict).toMatchObject({ culprit, term: 3, deed: 'acknowledged two blocks of height 7 in term 3' });
  });

  it('may also differ in nothing but the configuration', () => {
    const other = signedAck(ackOf(tip(3, 7), hashOf('other configuration')));
    expect(verifyEvidence(record('two-acks', first, other)).culprit).toBe(culprit);
  });

  refuses({
    'an ack that was repeated': [record('two-acks', first, first), /equal/],
    'acks of two heights': [record('two-acks', first, signedAck(ackOf(tip(3, 8)))), /different heights/],
    'acks of two terms': [record('two-acks', first, signedAck(ackOf(tip(4, 7)))), /different heights or terms/],
    'an ack by another': [record('two-acks', first, signedAck(ackOf(tip(3, 7, 'fork')), second)), /does not verify/],
    'an ack on another ledger': [
      record('two-acks', first, signedAck(ackOf(tip(3, 7, 'fork')), liar, hashOf('elsewhere'))),
      /does not verify/,
    ],
    'a vote': [record('two-acks', first, signedVote(requestOf(3, second, tip(2, 7)))), /another length/],
    'the order of the statements': [
      swapped(record('two-acks', first, signedAck(ackOf(tip(3, 7, 'fork'))))),
      /not in their order/,
    ],
  });
});

describe('two votes of one term (iii)', () => {
  const first = signedVote(requestOf(5, second, tip(3, 7)));

  it('name their key, for two candidates as for two tips', () => {
    for (const other of [requestOf(5, third, tip(3, 7)), requestOf(5, second, tip(3, 8))]) {
      const verdict = verifyEvidence(record('two-votes', first, signedVote(other)));
      expect(verdict).toMatchObject({ culprit, term: 5, deed: 'voted for two candidates or tips in term 5' });
    }
  });

  refuses({
    'a vote that was repeated': [record('two-votes', first, first), /equal/],
    'votes in two terms': [record('two-votes', first, signedVote(requestOf(6, third, tip(3, 7)))), /terms differ/],
    'a vote by another': [
      record('two-votes', first, signedVote(requestOf(5, third, tip(3, 7)), second)),
      /does not verify/,
    ],
    "a vote and a candidate's own request": [
      record('two-votes', first, signedRequest(requestOf(5, liar, tip(3, 7)))),
      /does not verify/,
    ],
  });
});

describe('two vote requests of one term (iii)', () => {
  const first = signedRequest(requestOf(5, liar, tip(3, 7)));

  it('name their key', () => {
    const other = signedRequest(requestOf(5, liar, tip(3, 8)));
    expect(verifyEvidence(record('two-vote-requests', first, other))).toMatchObject({
      culprit,
      term: 5,
      deed: 'asked for votes with two claims in term 5',
    });
  });

  refuses({
    'a request that was repeated': [record('two-vote-requests', first, first), /equal/],
    'requests of two terms': [
      record('two-vote-requests', first, signedRequest(requestOf(6, liar, tip(3, 8)))),
      /terms differ/,
    ],
    "a request and one's own vote": [
      record('two-vote-requests', first, signedVote(requestOf(5, liar, tip(3, 8)))),
      /does not verify/,
    ],
  });
});

describe('an ack and a later vote for less (iv)', () => {
  const ack = signedAck(ackOf(tip(3, 7)));
  const withVote = (term: number, of: ReturnType<typeof tip>): EvidenceRecord =>
    record('ack-then-vote', ack, signedVote(requestOf(term, second, of)));

  it('name their key, whether the tip is of a lower term or only lower', () => {
    for (const below of [tip(3, 6), tip(2, 90)]) {
      const verdict = verifyEvidence(withVote(4, below));
      expect(verdict).toMatchObject({ culprit, term: 4 });
      expect(verdict.deed).toContain('voted in term 4');
    }
  });

  refuses({
    'a vote for the acknowledged block': [withVote(4, tip(3, 7)), /not below/],
    'a vote for a higher tip': [withVote(4, tip(3, 8)), /not below/],
    'a vote for a shorter chain of a later term': [withVote(5, tip(4, 1)), /not below/],
    'a vote of the same term': [withVote(3, tip(2, 6)), /not of a later term/],
    'a vote of an earlier term': [withVote(2, tip(1, 6)), /not of a later term/],
    "another's vote": [
      record('ack-then-vote', ack, signedVote(requestOf(4, second, tip(3, 6)), second)),
      /does not verify/,
    ],
    "another's ack": [
      record('ack-then-vote', signedAck(ackOf(tip(3, 7)), second), signedVote(requestOf(4, second, tip(3, 6)))),
      /does not verify/,
    ],
  });
});

describe('a claim that its leader broke (v)', () => {
  const claimed = tip(2, 6);
  const request = requestOf(3, liar, claimed);
  const certificate = termCertificate(request, [liar, second]);
  const context = [configuration.bytes];
  const elsewhere = signedHeader({ parentHash: hashOf('another chain') });
  const broken = (first: Uint8Array, header: Uint8Array, changes: Partial<EvidenceRecord> = {}): EvidenceRecord =>
    record('broken-claim', first, header, { context, ...changes });

  it('names the leader, and the configuration of the certificate', () => {
    for (const header of [elsewhere, signedHeader({ height: 6, parentHash: claimed.hash })]) {
      const verdict = verifyEvidence(broken(certificate, header));
      expect(verdict).toMatchObject({ culprit, term: 3, configurationHash: configuration.hash });
    }
  });

  const sockPuppets = configurationOf([liar, stranger]);
  refuses({
    'a block on the claimed tip': [broken(certificate, signedHeader({ parentHash: claimed.hash })), /extends/],
    'a block further up': [broken(certificate, signedHeader({ height: 8 })), /too far above/],
    'a block of another term': [broken(certificate, signedHeader({ term: 4 })), /different terms/],
    "another key's block in its term": [
      broken(certificate, signedHeader({ parentHash: hashOf('another chain'), proposer: second.publicKey }, second)),
      /header is of another key/,
    ],
    "another leader's claim": [
      broken(termCertificate(requestOf(3, second, claimed), [second, third]), elsewhere),
      /of another key/,
    ],
    'a claim that a minority voted for': [broken(termCertificate(request, [liar]), elsewhere), /no majority/],
    'votes of strangers': [broken(termCertificate(request, [liar, stranger]), elsewhere), /no majority/],
    'votes of a configuration that the leader never named': [
      broken(termCertificate(requestOf(3, liar, claimed, sockPuppets), [liar, stranger]), elsewhere, {
        context: [sockPuppets.bytes],
      }),
      /not the one that the header names/,
    ],
    'no configuration': [broken(certificate, elsewhere, { context: [] }), /no configuration/],
    'two configurations': [broken(certificate, elsewhere, { context: [...context, ...context] }), /no configuration/],
    'another generation': [broken(certificate, elsewhere, { generation: 1 }), /generation/],
    'a certificate that names another configuration': [
      broken(termCertificate(requestOf(3, liar, claimed, sockPuppets), [liar, second]), elsewhere),
      /names another configuration/,
    ],
    'an altered certificate': [broken(altered(certificate), elsewhere), /no majority/],
  });
});

describe('a change against the rules (vi)', () => {
  const learner = (generation = 0) =>
    consensusForm(
      configurationOf([liar, second, third], generation, [{ publicKey: stranger.publicKey, role: 'learner' }]),
    );
  const after = learner();
  const parentFields = { height: 6 };
  const parent = signedHeader(parentFields);
  const foreignParent = { height: 6, proposer: second.publicKey };
  const certificateOf = (term: number) => ({
    ack: ackOf(tip(term, 5)),
    signatures: [{ signer: culprit, signature: new Uint8Array(64) }],
  });
  const saying = (configurationAfter = after, term?: number): Uint8Array =>
    encodeJustification({
      configuration: configurationAfter,
      ...(term !== undefined && { block: certificateOf(term) }),
    });
  const justified = (justification: Uint8Array, fields = {}): Uint8Array =>
    signedHeader({
      parentHash: headerHash(parentFields),
      configurationHash: after.hash,
      justificationHash: sha256(justification),
      ...fields,
    });
  const broken = (justification: Uint8Array, fields = {}, context = [justification], below = parent): EvidenceRecord =>
    record('broken-change', justified(justification, fields), below, { context });

  it('names its leader, with no certificate as with one of an older term', () => {
    for (const justification of [saying(), saying(after, 2)]) {
      expect(verifyEvidence(broken(justification))).toMatchObject({
        culprit,
        term: 3,
        deed: 'changed the configuration in block 7 of term 3 before it had certified one of that term',
      });
    }
  });

  it('names who hides the new configuration, or states another than the header', () => {
    expect(verifyEvidence(broken(encodeJustification({ block: certificateOf(3) }))).deed).toContain('without saying');
    const other = { configurationHash: configuration.hash };
    expect(verifyEvidence(broken(saying(after, 3), other)).deed).toContain('stated another');
  });

  it('names who takes two steps at once, certificate or not', () => {
    const two = consensusForm(configurationOf([liar, second, stranger]));
    const justification = saying(two, 3);
    const evidence = broken(justification, { configurationHash: two.hash }, [justification, configuration.bytes]);
    expect(verifyEvidence(evidence).deed).toContain('by more or less than one step');
  });

  it('needs no parent of the same leader where the configuration before is there', () => {
    const fields = { parentHash: headerHash(foreignParent) };
    const below = signedHeader(foreignParent, second);
    expect(verifyEvidence(broken(saying(), fields, [saying(), configuration.bytes], below)).culprit).toBe(culprit);
  });

  const onForeign = { parentHash: headerHash(foreignParent) };
  const refounded = learner(1);
  refuses({
    'a step that states a certificate of its term': [broken(saying(after, 3)), /states a certificate/],
    'such a step with the configuration before it': [
      broken(saying(after, 3), {}, [saying(after, 3), configuration.bytes]),
      /states a certificate/,
    ],
    'a block that changes nothing': [
      broken(noJustification, { configurationHash: configuration.hash }),
      /changes no configuration/,
    ],
    'a header that is not its parent': [broken(saying(), {}, [saying()], signedHeader({ height: 5 })), /parent/],
    'the justification of another block': [broken(saying(), {}, [saying(after, 2)]), /justification is not/],
    'a parent of which the generation is not shown': [
      broken(saying(), onForeign, [saying()], signedHeader(foreignParent, second)),
      /one generation/,
    ],
    'the first block after a new foundation': [
      broken(
        saying(refounded),
        { ...onForeign, configurationHash: refounded.hash },
        [saying(refounded), configuration.bytes],
        signedHeader(foreignParent, second),
      ),
      /one generation/,
    ],
    'another configuration before': [
      broken(saying(), {}, [saying(), after.bytes]),
      /not the one that the header names/,
    ],
    'no context': [broken(saying(), {}, []), /another length/],
    'more context than there is': [
      broken(saying(), {}, [saying(), configuration.bytes, configuration.bytes]),
      /another length/,
    ],
    "another key's block": [{ ...broken(saying()), culprit: second.publicKey }, /of another key/],
    'another generation than its own': [
      { ...broken(saying(), {}, [saying(), configuration.bytes]), generation: 1 },
      /of another generation/,
    ],
  });
});

describe('any kind of two statements', () => {
  const ack = signedAck(ackOf(tip(3, 7)));
  const vote = signedVote(requestOf(5, second, tip(3, 6)));
  const request = signedRequest(requestOf(5, liar, tip(3, 7)));

  it.each([
    ['two-headers', signedHeader()],
    ['two-acks', ack],
    ['two-votes', vote],
    ['two-vote-requests', request],
  ] as const)('%s: a second signature of the same statement is none', (kind, first) => {
    const evidence = record(kind, first, altered(first));
    expect(() => verifyEvidence(evidence, () => true)).toThrow('are the same');
  });

  it.each([
    record('two-acks', ack, signedAck(ackOf(tip(3, 7, 'fork')))),
    record('two-votes', vote, signedVote(requestOf(5, third, tip(3, 6)))),
    record('two-vote-requests', request, signedRequest(requestOf(5, liar, tip(3, 8)))),
    record('ack-then-vote', ack, vote),
  ])('$kind has no context', (evidence) => {
    expect(verifyEvidence(evidence).culprit).toBe(culprit);
    expect(refusal({ ...evidence, context: [noJustification] })).toMatch(/no context/);
  });
});

function swapped(evidence: EvidenceRecord): EvidenceRecord {
  return { ...evidence, first: evidence.second, second: evidence.first };
}

function altered(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
  return copy;
}
