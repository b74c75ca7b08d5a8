import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError, present } from '../../../../src/base/index.ts';
import { encodeNodeId } from '../../../../src/crypto/index.ts';
import { encodeEvidenceMessage, isEvidenceFrame } from '../../../../src/node/replica/evidence-wire.ts';
import {
  decodeLeaseMessage,
  encodeLeaseMessage,
  isLeaseFrame,
  type LeaseMessage,
} from '../../../../src/node/replica/in-force/wire.ts';
import { encodeMessage } from '../../../../src/node/replica/index.ts';
import { encodeReachMessage, reachWordOf } from '../../../../src/node/replica/reach/wire.ts';

const count = fc.maxSafeNat();
const nodeId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => encodeNodeId(key));
const message: fc.Arbitrary<LeaseMessage> = fc.oneof(
  fc.record({
    type: fc.constant('lease-wanted' as const),
    sequence: count,
    term: fc.record({ height: count, generation: count }),
    decides: count,
  }),
  fc.record({ type: fc.constant('lease' as const), sequence: count }),
  fc.record({ type: fc.constant('bar-wanted' as const), holder: nodeId, height: count }),
  fc.record({ type: fc.constant('barred' as const), holder: nodeId, height: count }),
);

/** Which readers of the driver's messages take a frame for theirs. */
function takers(frame: Uint8Array): unknown[] {
  return [isLeaseFrame(frame), isEvidenceFrame(frame), reachWordOf(frame)];
}

describe('messages about leases', () => {
  it('come back as they were, under numbers of their own', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const frame = encodeLeaseMessage(sent);
        expect(takers(frame)).toEqual([true, false, undefined]);
        expect(decodeLeaseMessage(frame)).toEqual(sent);
      }),
    );
  });

  it('are refused with one code when a byte is changed, or they mean something else', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, place, flip) => {
        const frame = encodeLeaseMessage(sent);
        const changed = frame.slice();
        changed[place % frame.length] = present(frame[place % frame.length], 'within') ^ flip;
        for (const bytes of [changed, frame.subarray(0, -1), Uint8Array.of(...frame, 0)]) {
          try {
            expect(encodeLeaseMessage(decodeLeaseMessage(bytes))).toEqual(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(AssentError);
            expect(error).toMatchObject({ code: 'frame-invalid' });
          }
        }
      }),
    );
  });

  it('are told from what else nodes say', () => {
    const blocks = { bytes: () => new Uint8Array(), receive: () => expect.unreachable() };
    for (const number of [...Array(40).keys(), 256 + 26, 256 + 29]) {
      expect(isLeaseFrame(encodeMessage({ type: 'campaign-now', term: number }, blocks))).toBe(false);
      expect(isLeaseFrame(encodeMessage({ type: 'read-index-request', context: number }, blocks))).toBe(false);
    }
    for (const word of ['applied', 'decides'] as const)
      for (const isQuestion of [true, false])
        expect(takers(encodeReachMessage({ word, isQuestion, height: 26 }))).toEqual([false, false, word]);
    expect(takers(encodeEvidenceMessage({ type: 'evidence', records: [] }))).toEqual([false, true, undefined]);
    expect(isLeaseFrame(new Uint8Array())).toBe(false);
  });
});
