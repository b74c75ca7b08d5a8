import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  encodeCanonical,
  type NodeOfConfiguration,
  nodeConfiguration,
  openConfiguration,
} from '../../../src/ledger/index.ts';

const key = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);

const nodes: fc.Arbitrary<NodeOfConfiguration[]> = fc
  .uniqueArray(
    fc.record({
      publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      role: fc.constantFrom('voter' as const, 'learner' as const),
    }),
    { minLength: 1, maxLength: 64, selector: ({ publicKey }) => publicKey.join() },
  )
  .filter((list) => list.some(({ role }) => role === 'voter'));

describe('a configuration', () => {
  it('is read as it was made, in its order, and its hash is that of its bytes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), nodes, (generation, list) => {
        const made = nodeConfiguration(generation, list);
        expect(openConfiguration(made.bytes)).toEqual(made);
        expect(made.hash).toEqual(sha256(made.bytes));
        expect(made.nodes).toEqual(list);
      }),
    );
  });

  it('never becomes another one by a changed byte that leaves the hash, and never fails in another way', () => {
    const { bytes, hash } = nodeConfiguration(3, [
      { publicKey: key(1), role: 'voter' },
      { publicKey: key(2), role: 'learner' },
    ]);
    for (let place = 0; place < bytes.length; place++) {
      for (const difference of [1, 0x10, 0x80, 0xff]) {
        const changed = bytes.with(place, (bytes[place] as number) ^ difference);
        let opened: Uint8Array | undefined;
        try {
          opened = openConfiguration(changed).hash;
        } catch (error) {
          expect(error).toMatchObject({ code: 'encoding-invalid' });
        }
        expect(opened).not.toEqual(hash);
      }
    }
  });

  const voter: CanonicalValue = [key(1), 'voter'];
  it.each<[string, CanonicalValue]>([
    ['of another version', [2, 0, [voter]]],
    ['of a negative generation', [1, -1, [voter]]],
    ['with a field too many', [1, 0, [voter], null]],
    ['without nodes', [1, 0, []]],
    ['without a voter', [1, 0, [[key(1), 'learner']]]],
    ['with a node twice', [1, 0, [voter, [key(1), 'learner']]]],
    ['with a node of another role', [1, 0, [voter, [key(2), 'leader']]]],
    ['with a short key', [1, 0, [voter, [key(2).subarray(1), 'voter']]]],
    ['with a node of three fields', [1, 0, [[key(1), 'voter', null]]]],
    ['of 65 nodes', [1, 0, Array.from({ length: 65 }, (_, index): CanonicalValue => [key(index), 'voter'])]],
    ['of very many nodes', [1, 0, Array.from({ length: 5000 }, (_, index): CanonicalValue => [key(index), 'voter'])]],
    ['with lists in lists', [1, 0, [[[[[]]], 'voter']]]],
    ['that is a text', 'configuration'],
  ])('is refused %s', (_what, value) => {
    expect(() => openConfiguration(encodeCanonical(value))).toThrow(
      expect.objectContaining({ code: 'encoding-invalid' }),
    );
  });

  it('has at most 64 nodes', () => {
    const list = (count: number): NodeOfConfiguration[] =>
      Array.from({ length: count }, (_, index) => ({ publicKey: key(index), role: 'voter' }));
    expect(openConfiguration(nodeConfiguration(0, list(64)).bytes).nodes.length).toBe(64);
    expect(() => nodeConfiguration(0, list(65))).toThrow('more than 64');
  });
});
