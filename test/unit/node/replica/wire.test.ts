import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError } from '../../../../src/base/index.ts';
import type { BlockReference, Message } from '../../../../src/consensus/index.ts';
import { createSigner, encodeNodeId } from '../../../../src/crypto/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../../../src/ledger/index.ts';
import { type BlockAccess, decodeMessage, encodeMessage } from '../../../../src/node/replica/index.ts';

const nodes = [1, 2, 3].map((seed) => encodeNodeId(createSigner(new Uint8Array(32).fill(seed)).publicKey)).sort();
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const number = fc.nat({ max: 2 ** 40 });
const nodeId = fc.constantFrom(...nodes);
const hash = bytes(32);
const signature = bytes(64);
const tip = fc.record({ term: number, height: number, hash });
const request = fc.record({ term: number, candidate: nodeId, tip, configurationHash: hash });
const ack = fc.record({ term: number, height: number, blockHash: hash, configurationHash: hash });
const signedAck = fc.record({ statement: ack, signature });
const signedRequest = fc.record({ statement: request, signature });
const signers = fc
  .constantFrom(1, 2, 3)
  .chain((count) =>
    fc.tuple(...nodes.slice(0, count).map((signer) => signature.map((value) => ({ signer, signature: value })))),
  );
const termCertificate = fc.record({ request, votes: signers });
const blockCertificate = fc.record({ ack, signatures: signers });
const refusal = fc.record({ height: number, hash, reason: fc.constantFrom('state-root', 'clock-ahead') });

/** Blocks stand in as one byte: their own form is the ledger's affair. */
const references: BlockReference[] = [0, 1, 2].map((index) => ({
  height: index,
  term: 1,
  hash: new Uint8Array(32).fill(index),
  parentHash: new Uint8Array(32),
  proposer: nodes[0] as string,
  configurationHash: new Uint8Array(32),
  justification: {},
  byteLength: 1,
}));
const blocks: BlockAccess = {
  bytes: (reference) => Uint8Array.of(reference.height),
  receive: (received) => {
    const reference = references[received[0] ?? 99];
    if (reference === undefined || received.length !== 1) throw new AssentError('block-invalid', 'no block');
    return reference;
  },
};
const block = fc.constantFrom(...references);

const typed = <T extends Message['type']>(type: T, fields: object, optional: readonly string[] = []) =>
  fc.record(
    { type: fc.constant(type), ...fields },
    { requiredKeys: ['type', ...Object.keys(fields).filter((key) => !optional.includes(key))] as never },
  );

const message = fc.oneof(
  typed('pre-vote-request', { term: number, round: number, tip }),
  typed('pre-vote-reply', { term: number, round: number, granted: fc.boolean(), tip }),
  typed(
    'vote-request',
    {
      statement: request,
      signature,
      tipHeader: bytes(40),
      tipTermCertificate: termCertificate,
      ordered: fc.constant(true),
    },
    ['tipHeader', 'tipTermCertificate', 'ordered'],
  ),
  typed('vote-reply', { term: number, statement: request, signature, tip }, ['signature']),
  typed(
    'append',
    {
      term: number,
      sequence: number,
      termCertificate,
      previous: tip,
      blocks: fc.array(block, { maxLength: 4 }),
      certificate: blockCertificate,
    },
    ['termCertificate', 'certificate'],
  ),
  typed(
    'append-reply',
    {
      term: number,
      sequence: number,
      acks: fc.array(signedAck, { maxLength: 3 }),
      durable: tip,
      conflict: fc.record({ hintTerm: number, hintHeight: number }),
      refusal,
    },
    ['conflict', 'refusal'],
  ),
  typed('heartbeat', { term: number, round: number, termCertificate, certificate: blockCertificate }, [
    'termCertificate',
    'certificate',
  ]),
  typed(
    'heartbeat-reply',
    {
      term: number,
      round: number,
      ack: signedAck,
      durable: tip,
      committedHeight: number,
      clockMs: number,
      refusal,
      needsTermCertificate: fc.boolean(),
    },
    ['ack', 'refusal'],
  ),
  typed('read-index-request', { context: number }),
  typed('read-index-reply', { context: number, height: number }, ['height']),
  typed('nonce-request', { nonce: hash }),
  typed('nonce-reply', { nonce: hash, ack: signedAck, vote: signedRequest, voteRequest: signedRequest }, [
    'ack',
    'vote',
    'voteRequest',
  ]),
  typed('branch-request', { known: tip, wanted: tip }),
  typed(
    'branch-reply',
    {
      previous: tip,
      blocks: fc.array(block, { maxLength: 4 }),
      tip,
      certificate: blockCertificate,
    },
    ['certificate'],
  ),
  typed('campaign-now', { term: number }),
) as unknown as fc.Arbitrary<Message>;

describe('consensus messages on the wire', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(message, (original) => {
        expect(decodeMessage(encodeMessage(original, blocks), blocks)).toEqual(original);
      }),
      { numRuns: 1000 },
    );
  });

  it('are refused with one code when a byte is changed, cut off or added, or mean something else', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (original, place, difference) => {
        const frame = encodeMessage(original, blocks);
        const flipped = frame.slice();
        flipped[place % frame.length] = (flipped[place % frame.length] as number) ^ difference;
        for (const wrong of [flipped, frame.subarray(0, place % frame.length), Uint8Array.from([...frame, 0])]) {
          try {
            expect(decodeMessage(wrong, blocks)).not.toEqual(original);
          } catch (error) {
            if (!(error instanceof AssentError)) throw error;
            expect(error.code).toBe('frame-invalid');
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('name an order to campaign by its number and term, and mark an ordered vote request by a fifth field', () => {
    const order = encodeMessage({ type: 'campaign-now', term: 7 }, blocks);
    expect(decodeCanonical(order)).toEqual([1, 15, 7]);
    const nothing = new Uint8Array(32);
    const tipOfNothing = { term: 0, height: 0, hash: nothing };
    const statement = { term: 7, candidate: nodes[0] as string, tip: tipOfNothing, configurationHash: nothing };
    const asked: Message = { type: 'vote-request', statement, signature: new Uint8Array(64) };
    const plain = decodeCanonical(encodeMessage(asked, blocks)) as CanonicalValue[];
    expect(plain).toHaveLength(2 + 4);
    expect(decodeCanonical(encodeMessage({ ...asked, ordered: true }, blocks))).toEqual([...plain, true]);
    for (const mark of [false, null, 1, [true]])
      expect(() => decodeMessage(encodeCanonical([...plain, mark]), blocks)).toThrow(AssentError);
    expect(() => decodeMessage(encodeCanonical([...plain, true, true]), blocks)).toThrow(AssentError);
  });
});
