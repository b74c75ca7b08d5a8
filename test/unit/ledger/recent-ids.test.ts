import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uint64Bytes } from '../../../src/base/index.ts';
import { sha256 } from '../../../src/crypto/index.ts';
import { RecentIds } from '../../../src/ledger/state/recent-ids.ts';

const windowMs = 100;
const idOf = (number: number): Uint8Array => sha256(uint64Bytes(number));

describe('recent ids', () => {
  it('never deny what a block executed, whenever they began and however long ago it was', () => {
    const block = fc.record({ stepMs: fc.integer({ min: 1, max: 150 }), ids: fc.nat(40), openMs: fc.nat(windowMs) });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 20 }), fc.nat(10), (blocks, began) => {
        let timeMs = 0;
        let number = 0;
        const executed: { id: Uint8Array; validUntil: number }[] = [];
        let recent = new RecentIds(windowMs, Number.NEGATIVE_INFINITY);
        for (const [index, { stepMs, ids, openMs }] of blocks.entries()) {
          timeMs += stepMs;
          const added = Array.from({ length: ids }, () => ({ id: idOf(number++), validUntil: timeMs + openMs }));
          executed.push(...added);
          recent.add(added, timeMs);
          // A restart knows nothing of what came before it.
          if (index === began) recent = new RecentIds(windowMs, timeMs);
          for (const { id, validUntil } of executed) expect(recent.mayHave(id, validUntil)).toBe(true);
        }
      }),
    );
  });

  it('deny what is new, in a new ledger at once and after a restart when a window has passed', () => {
    const recent = new RecentIds(windowMs, Number.NEGATIVE_INFINITY);
    const many = Array.from({ length: 5000 }, (_, number) => ({ id: idOf(number) }));
    recent.add(many, 1000);
    expect(many.every(({ id }) => recent.mayHave(id, 1050))).toBe(true);
    expect(recent.mayHave(idOf(5001), 1050)).toBe(false);
    const restarted = new RecentIds(windowMs, 1000);
    expect(restarted.mayHave(idOf(5001), 1100)).toBe(true);
    expect(restarted.mayHave(idOf(5001), 1101)).toBe(false);
  });

  it('tell an id of zeros from a free place', () => {
    const recent = new RecentIds(windowMs, Number.NEGATIVE_INFINITY);
    const zeros = new Uint8Array(32);
    expect(recent.mayHave(zeros, 1)).toBe(false);
    recent.add([{ id: zeros }], 0);
    expect(recent.mayHave(zeros, 1)).toBe(true);
  });
});
