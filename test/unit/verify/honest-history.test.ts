import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, present } from '../../../src/base/index.ts';
import { comparePlaces, encodeAck, encodeVoteRequest, type Tip } from '../../../src/consensus/index.ts';
import {
  decodeEvidence,
  type EvidenceKind,
  encodeEvidence,
  evidenceKinds,
  verifyEvidence,
} from '../../../src/verify/index.ts';
import { ackOf, liar, noJustification, record, requestOf, second, signedAck, third, tip } from './forge-evidence.ts';

/** What a node that keeps the rules may do next, drawn blindly; what the rules forbid at that moment is skipped. */
const step = fc.oneof(
  fc.record({ act: fc.constant('grow' as const), count: fc.nat({ max: 3 }) }),
  fc.record({
    act: fc.constant('follow' as const),
    terms: fc.nat({ max: 2 }),
    heights: fc.integer({ min: -4, max: 4 }),
  }),
  fc.record({ act: fc.constant('vote' as const), terms: fc.integer({ min: 1, max: 3 }), height: fc.nat({ max: 12 }) }),
  fc.record({ act: fc.constant('repeat' as const) }),
);

/** Stands for a signature: this test is about rules, and takes every statement for signed. */
const signature = new Uint8Array(64);

/** The acks, votes and vote requests of a node through such steps. */
function historyOf(steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]): Uint8Array[][] {
  const [acks, votes, requests]: [Uint8Array[], Uint8Array[], Uint8Array[]] = [[], [], []];
  let promised = 1;
  let own: Tip = tip(1, 1);
  let lastAck: Uint8Array | undefined;
  const acknowledge = (): void => {
    lastAck = concatBytes(encodeAck(ackOf(own)), signature);
    acks.push(lastAck);
  };
  acknowledge();
  for (const next of steps) {
    if (next.act === 'grow' && own.term === promised) {
      for (let count = 0; count < next.count; count++) {
        own = tip(own.term, own.height + 1);
        acknowledge();
      }
    } else if (next.act === 'follow') {
      // A branch takes the tail's place only with a higher term.
      const term = promised + next.terms;
      const branch = tip(term, Math.max(1, own.height + next.heights));
      if (term <= own.term) continue;
      promised = term;
      own = branch;
      acknowledge();
    } else if (next.act === 'vote') {
      promised += next.terms;
      const claimed = tip(own.term, next.height);
      const isOwn = comparePlaces(claimed, own) < 0;
      const request = requestOf(promised, isOwn ? liar : second, isOwn ? own : claimed);
      votes.push(concatBytes(encodeVoteRequest(request), signature));
      if (isOwn) requests.push(present(votes.at(-1), 'it was added'));
    } else if (next.act === 'repeat') {
      if (lastAck !== undefined) acks.push(lastAck);
      const lastVote = votes.at(-1);
      if (lastVote !== undefined) votes.push(lastVote);
    }
  }
  return [acks, votes, requests];
}

const pairsOf: Partial<Record<EvidenceKind, readonly [first: number, second: number]>> = {
  'two-acks': [0, 0],
  'two-votes': [1, 1],
  'two-vote-requests': [2, 2],
  'ack-then-vote': [0, 1],
};

describe('the statements of a node that kept the rules', () => {
  it('make no evidence, however they are paired', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 24 }), (steps) => {
        const history = historyOf(steps);
        for (const [kind, [one, other]] of Object.entries(pairsOf) as [EvidenceKind, [number, number]][]) {
          for (const first of present(history[one], 'three kinds of statements')) {
            for (const last of present(history[other], 'three kinds of statements')) {
              expect(() => verifyEvidence(record(kind, first, last), () => true)).toThrow('proves nothing');
            }
          }
        }
      }),
    );
  });

  it('would, had it broken them: the same steps and one statement of another chain', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const [acks = []] = historyOf(steps);
        const fork = concatBytes(encodeAck(ackOf(tip(1, 1, 'fork'))), signature);
        const first = present(acks[0], 'it acknowledges its first block');
        expect(verifyEvidence(record('two-acks', first, fork), () => true).term).toBe(1);
      }),
    );
  });
});

describe('the encoded record', () => {
  it('has one form, and is read back from it only', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...evidenceKinds),
        fc.nat(),
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 2 }),
        (kind, generation, first, last, context) => {
          const evidence = record(kind, first, last, { generation, context });
          const bytes = encodeEvidence(evidence);
          expect(decodeEvidence(bytes)).toEqual(evidence);
          expect(() => decodeEvidence(bytes.subarray(0, -1))).toThrow();
          expect(() => decodeEvidence(concatBytes(bytes, noJustification))).toThrow();
        },
      ),
    );
  });

  it('of another version or kind is not read', () => {
    const bytes = encodeEvidence(record('two-acks', signedAck(ackOf(tip(1, 1)), third), new Uint8Array(1)));
    const otherVersion = bytes.slice();
    otherVersion[1] = 2;
    expect(() => decodeEvidence(otherVersion)).toThrow('version 2');
    const otherKind = encodeEvidence({ ...decodeEvidence(bytes), kind: 'three-acks' as EvidenceKind });
    expect(() => decodeEvidence(otherKind)).toThrow('kind');
  });
});
