import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError } from '../../../../src/base/index.ts';
import {
  decodeEvidenceMessage,
  type EvidenceMessage,
  encodeEvidenceMessage,
  isEvidenceFrame,
} from '../../../../src/node/replica/evidence-wire.ts';
import { encodeMessage } from '../../../../src/node/replica/index.ts';
import { evidenceKinds } from '../../../../src/verify/index.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message: fc.Arbitrary<EvidenceMessage> = fc.oneof(
  fc.record({ type: fc.constant('evidence' as const), records: fc.array(fc.uint8Array({ maxLength: 200 })) }),
  fc.record({
    type: fc.constant('evidence-known' as const),
    isAnswer: fc.boolean(),
    held: fc.array(
      fc.record({
        culprit: bytes32,
        kind: fc.constantFrom(...evidenceKinds),
        ids: fc.array(bytes32, { maxLength: 9 }),
      }),
    ),
  }),
);

describe('messages about evidence', () => {
  it('come back as they were, under numbers of their own', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const frame = encodeEvidenceMessage(sent);
        expect(isEvidenceFrame(frame)).toBe(true);
        expect(decodeEvidenceMessage(frame)).toEqual(sent);
      }),
    );
  });

  it('are refused with one code when a byte is changed, or they mean something else', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, place, flip) => {
        const frame = encodeEvidenceMessage(sent);
        const changed = frame.slice();
        changed[place % frame.length] = (changed[place % frame.length] as number) ^ flip;
        for (const bytes of [changed, frame.subarray(0, -1)]) {
          try {
            expect(encodeEvidenceMessage(decodeEvidenceMessage(bytes))).toEqual(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(AssentError);
            expect(error).toMatchObject({ code: 'frame-invalid' });
          }
        }
      }),
    );
  });

  it("are told from consensus' own", () => {
    const blocks = { bytes: () => new Uint8Array(), receive: () => expect.unreachable() };
    for (const term of [20, 21, 276]) {
      expect(isEvidenceFrame(encodeMessage({ type: 'campaign-now', term }, blocks))).toBe(false);
      expect(isEvidenceFrame(encodeMessage({ type: 'read-index-request', context: term }, blocks))).toBe(false);
    }
    expect(isEvidenceFrame(new Uint8Array())).toBe(false);
  });
});
