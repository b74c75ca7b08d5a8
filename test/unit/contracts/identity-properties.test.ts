import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TestResult } from '../../../src/contracts/index.ts';
import { dayMs, delayMs, identities } from './identity-support.ts';

/**
 * Over any sequence of transactions: the key changes only by a rotation of the current key, or by a recovery that had
 * enough approvals of guardians, waited its delay, and met no veto. The book below is kept from what was sent and answered.
 */

const guardians = ['gia', 'gus', 'gil', 'hal'] as const;
const keys = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'] as const;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, dayMs, delayMs) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      by: fc.constantFrom(...guardians),
      key: fc.constantFrom(...keys),
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('approve' as const), by: fc.constantFrom(...guardians) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('finish' as const), by: fc.constantFrom('gia', 'gus', 'hal', ...keys) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('veto' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const), key: fc.constantFrom(...keys) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('guardians' as const),
      names: fc.subarray([...guardians], { minLength: 2 }),
      threshold: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deactivate' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Book {
  readonly key: string;
  readonly voices: Set<string>;
  readonly threshold: number;
  reachedAtMs: number | undefined;
  isVetoed: boolean;
}

describe('over any sequence of transactions', () => {
  it('the key changes only by a rotation, or by a recovery with its approvals, its delay, and no veto', () => {
    let [finished, rotated] = [0, 0];
    const play = (steps: readonly Step[]): void => {
      const made = identities();
      const { ledger } = made;
      const books = new Map<string, Book>();
      let newest = '00'.repeat(32);
      made.setGuardians(['gia', 'gus', 'gil'], 2);
      const voice = (by: string): void => {
        const book = books.get(newest);
        if (book === undefined) return;
        book.voices.add(by);
        if (book.voices.size >= book.threshold) book.reachedAtMs ??= ledger.nowMs;
      };
      const take = (taken: Step): TestResult | undefined => {
        switch (taken.do) {
          case 'wait':
            ledger.nowMs += taken.ms;
            return undefined;
          case 'open': {
            const { threshold } = (made.show()['guardians'] ?? { threshold: 99 }) as { threshold: number };
            const result = made.open(taken.by, taken.key);
            if (!result.ok) return result;
            newest = result.id;
            books.set(newest, {
              key: taken.key,
              voices: new Set(),
              threshold,
              reachedAtMs: undefined,
              isVetoed: false,
            });
            voice(taken.by);
            return result;
          }
          case 'approve': {
            const result = made.approve(taken.by, newest);
            if (result.ok) voice(taken.by);
            return result;
          }
          case 'finish':
            return made.finish(taken.by, newest);
          case 'guardians':
            return made.setGuardians(taken.names, taken.threshold);
          case 'deactivate':
            return ledger.submit('ana', 'identity.deactivate', { ifVersion: made.version() });
          case 'veto':
            return made.veto();
          case 'rotate':
            return made.rotate(taken.key);
        }
      };
      for (const taken of steps) {
        const before = made.show()['key'];
        const result = take(taken);
        const after = made.show()['key'];
        const book = books.get(newest);
        if (result?.ok && (taken.do === 'veto' || taken.do === 'rotate') && book !== undefined) book.isVetoed = true;
        if (after === before) {
          expect(result?.ok && (taken.do === 'finish' || taken.do === 'rotate')).not.toBe(true);
          continue;
        }
        if (taken.do === 'rotate') {
          rotated += 1;
          expect(after).toBe(made.did(taken.key));
          continue;
        }
        finished += 1;
        expect(taken.do).toBe('finish');
        expect(after).toBe(made.did(book?.key ?? 'no recovery'));
        expect(book).toMatchObject({ isVetoed: false });
        expect(book?.voices.size).toBeGreaterThanOrEqual(book?.threshold ?? 99);
        expect(ledger.nowMs - (book?.reachedAtMs ?? ledger.nowMs)).toBeGreaterThanOrEqual(delayMs);
      }
    };
    fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 40, size: 'max' }), play), {
      numRuns: 100,
      seed: 5,
    });
    expect(finished, 'recoveries finished').toBeGreaterThan(10);
    expect(rotated, 'rotations').toBeGreaterThan(10);
  });
});
